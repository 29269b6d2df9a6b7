#include "images/tar_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "images/image_format.h"
#include "images/tar_input.h"

enum { HEADER = 512, CHECKSUM = 148, CHECKSUM_SIZE = 8 }; /* bytes of a tar's header */

/* Whether a block is the header of a tar's member, of any of its formats: the sum of its bytes, with
 * blanks for the sum itself, stands in it as octal text. */
static bool is_tar_header(const uint8_t *block)
{
    char text[CHECKSUM_SIZE + 1] = "";
    char *end;
    unsigned long sum = 0;
    memcpy(text, block + CHECKSUM, CHECKSUM_SIZE);
    unsigned long expected = strtoul(text, &end, 8);
    for (size_t i = 0; i < HEADER; i++)
        sum += i >= CHECKSUM && i < CHECKSUM + CHECKSUM_SIZE ? ' ' : block[i];
    return end != text && block[0] != '\0' && sum == expected;
}

static bool is_compressed(const uint8_t *start, size_t size)
{
    static const struct {
        size_t length;
        const char *magic;
    } compressions[] = {{2, "\x1f\x8b"}, {3, "BZh"}, {6, "\3757zXZ"}, {4, "\x28\xb5\x2f\xfd"}};
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++)
        if (size >= compressions[i].length &&
            memcmp(start, compressions[i].magic, compressions[i].length) == 0)
            return true;
    return false;
}

/* Whether a failure to read a file is the machine's. */
static bool blames_machine(int system)
{
    return system == EMFILE || system == ENFILE || system == ENOMEM || system == ECHILD;
}

/* To reach the first member: what xz may ask for its dictionary, and time for its file's beginning. */
static const struct tar_input_options probing = {
    .most = 1, .memory_bytes = (uint64_t)1 << 30, .seconds = 60};

/* Whether a compressed file holds a tar: 1, 0, or -1 as tar_probe does. */
static int holds_tar(const char *path, struct image_server *server, struct error *error)
{
    struct tar_input *input;
    struct tar_member member;
    struct tar_input_options options = probing;
    options.path = path;
    options.server = server;
    *error = (struct error){0};
    int found =
        tar_input_open(&input, &options, error) ? -1 : tar_input_next(input, &member, error);
    tar_input_close(input);
    if (error->code == ERROR_MEMORY || blames_machine(error->system))
        return -1;
    return found > 0 || error->code == ERROR_IMAGE; /* its first name leads out of the folder */
}

int tar_probe(const char *path, struct image_server *server, enum tar_probe_kind *kind,
              struct error *error)
{
    uint8_t start[HEADER];
    struct stat status;
    *kind = TAR_PROBE_OTHER;
    /* To open and close a pipe would end its writer. */
    if (stat(path, &status) || !S_ISREG(status.st_mode))
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return blames_machine(errno)
                   ? error_set_system(error, ERROR_IO, errno, "cannot open '%s'", path)
                   : 0;
    ssize_t got = pread(fd, start, sizeof start, 0);
    close(fd);
    size_t size = got > 0 ? (size_t)got : 0;
    int found = size == HEADER && is_tar_header(start);
    if (!found && server && is_compressed(start, size))
        found = holds_tar(path, server, error);
    if (found > 0)
        *kind = TAR_PROBE_TAR;
    else if (image_format_find(start, size))
        *kind = TAR_PROBE_IMAGE;
    return found < 0 ? -1 : 0;
}
