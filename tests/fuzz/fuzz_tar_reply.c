/* What a child that parses a tar may answer: the parent believes none of it. The data are messages,
 * each behind its size (two bytes, the low one first). */
#include "replay.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "images/tar_wire.h"

static void check_name(const char *name)
{
    size_t length = strlen(name);
    if (name[0] == '/' || length == 0 || strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0 ||
        strstr(name, "/../") || (length > 2 && strcmp(name + length - 3, "/..") == 0))
        abort();
}

static void read_all(struct tar_input *input)
{
    struct error error = {0};
    struct tar_member member;
    int found = 1;
    while (found > 0 || error.code == ERROR_IMAGE) {
        error = (struct error){0};
        found = tar_input_next(input, &member, &error);
        if (found > 0 && (member.kind == TAR_FILE || member.kind == TAR_LINK))
            check_name(member.name);
        if (found > 0 && member.target)
            check_name(member.target);
        if (found > 0 && member.kind == TAR_FILE)
            found = tar_input_read(input, &member, &error) ? -1 : 1;
        if (found < 0 && error.text[0] == '\0')
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MESSAGES_MOST = 64 }; /* what waits in a socket is limited */
    const struct tar_input_options options = {.path = "t.tar", .most = 1 << 20};
    struct error error = {0};
    struct image_shared shared;
    struct tar_input *input;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ||
        image_shared_new(&shared, &error) || image_shared_grow(&shared, TAR_WINDOW, &error))
        abort();
    for (int sent = 0; sent < MESSAGES_MOST && size >= 2; sent++) {
        size_t length = data[0] | (size_t)data[1] << 8;
        data += 2;
        size -= 2;
        length = length < size ? length : size;
        ssize_t status = send(ends[1], data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)status; /* a message too large is not sent */
        data += length;
        size -= length;
    }
    shutdown(ends[1], SHUT_WR);
    if (tar_input_join(&input, &options, ends[0], &shared, &error))
        abort();
    read_all(input);
    tar_input_close(input);
    close(ends[1]);
    return 0;
}
