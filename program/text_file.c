#include "program/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

static bool is_pipe_without_name(int file)
{
    struct statfs system;
    return fstatfs(file, &system) == 0 && system.f_type == PIPEFS_MAGIC;
}

/* Opening does not wait for the other end of a pipe; reading then does. */
static int open_text(const char *path, struct error *error)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return error_set_system(error, ERROR_USAGE, errno, "cannot be opened");
    if (fstat(file, &status) == 0 && (S_ISREG(status.st_mode) || is_pipe_without_name(file)) &&
        fcntl(file, F_SETFL, 0) == 0)
        return file;
    close(file);
    return error_set(error, ERROR_USAGE,
                     S_ISDIR(status.st_mode) ? "is a folder" : "is not a regular file");
}

/* Reads to the end. */
static int read_all(int file, char **text, size_t *size, struct error *error)
{
    size_t capacity = 0;
    ssize_t got;
    do {
        if (memory_grow((void **)text, &capacity, *size + BUFSIZ, 1, error))
            return -1;
        got = read(file, *text + *size, capacity - *size - 1);
        *size += got > 0 ? (size_t)got : 0;
        if (*size > TEXT_FILE_MAX)
            return error_set(error, ERROR_USAGE, "more than %d bytes", TEXT_FILE_MAX);
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0)
        return error_set_system(error, ERROR_USAGE, errno, "cannot be read");
    (*text)[*size] = 0;
    return 0;
}

int text_file_read(const char *path, char **text, size_t *size, struct error *error)
{
    int file = open_text(path, error);
    *text = NULL;
    *size = 0;
    if (file < 0)
        return -1;
    int status = read_all(file, text, size, error);
    close(file);
    if (status) {
        free(*text);
        *text = NULL;
    }
    return status;
}
