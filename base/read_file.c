#include "base/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* Reads up to `size` bytes until the end of the file. Returns how many, or -1 with errno. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(fd, bytes + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

int read_descriptor(int fd, const char *path, size_t most, char **bytes, size_t *size,
                    struct error *error)
{
    struct stat status;
    if (fstat(fd, &status))
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be examined", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_IO, "%s: not a regular file", path);
    if (status.st_size < 0 || (unsigned long long)status.st_size > most)
        return error_set(error, ERROR_IO, "%s: %lld bytes, more than the %zu that are read at most",
                         path, (long long)status.st_size, most);
    size_t wanted = (size_t)status.st_size;
    char *block = malloc(wanted + 1);
    if (!block)
        return error_set(error, ERROR_MEMORY, "%s: no memory for %zu bytes", path, wanted);
    ssize_t got = read_all(fd, block, wanted);
    if (got < 0) {
        free(block);
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be read", path);
    }
    block[got] = 0;
    *bytes = block;
    *size = (size_t)got;
    return 0;
}

int read_file_open(const char *path, struct error *error)
{
    struct stat status;
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be opened", path);
    if (fstat(fd, &status))
        error_set_system(error, ERROR_IO, errno, "%s: cannot be examined", path);
    else if (!S_ISREG(status.st_mode))
        error_set(error, ERROR_IO, "%s: not a regular file", path);
    else
        return fd;
    close(fd);
    return -1;
}

int read_file(const char *path, size_t most, char **bytes, size_t *size, struct error *error)
{
    int fd = read_file_open(path, error);
    if (fd < 0)
        return -1;
    int result = read_descriptor(fd, path, most, bytes, size, error);
    close(fd);
    return result;
}
