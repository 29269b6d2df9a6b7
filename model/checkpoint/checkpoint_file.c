#include "model/checkpoint/checkpoint_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

static int begin(struct checkpoint_file *file, const char *path, struct error *error)
{
    *file = (struct checkpoint_file){.path = strdup(path), .fd = -1};
    return file->path ? 0 : error_set(error, ERROR_MEMORY, "%s: no memory", path);
}

int checkpoint_file_map(struct checkpoint_file *file, const char *path, struct error *error)
{
    struct stat *status = &file->status;
    if (begin(file, path, error))
        return -1;
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0 || fstat(file->fd, status))
        return error_set_system(error, ERROR_IO, errno, "%s", path);
    if (!S_ISREG(status->st_mode))
        return error_set(error, ERROR_IO, "%s: not a regular file", path);
    if (status->st_size == 0)
        return error_set(error, ERROR_MODEL, "%s: the file is empty", path);
    size_t size = (size_t)status->st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (bytes == MAP_FAILED)
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be mapped", path);
    file->bytes = bytes;
    file->size = size;
    return 0;
}

int checkpoint_file_borrow(struct checkpoint_file *file, const void *bytes, size_t size,
                           const char *name, struct error *error)
{
    if (begin(file, name, error))
        return -1;
    file->bytes = bytes;
    file->size = size;
    return 0;
}

void checkpoint_file_close(struct checkpoint_file *file)
{
    if (file->fd >= 0) {
        if (file->bytes)
            munmap((void *)file->bytes, file->size);
        close(file->fd);
    }
    free(file->path);
    *file = (struct checkpoint_file){.fd = -1};
}

int checkpoint_file_check_unchanged(const struct checkpoint_file *file, struct error *error)
{
    const struct stat *then = &file->status;
    struct stat now;
    if (file->fd < 0)
        return 0;
    if (fstat(file->fd, &now))
        return error_set_system(error, ERROR_IO, errno, "%s", file->path);
    if (now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == then->st_mtim.tv_nsec)
        return 0;
    return error_set(error, ERROR_IO,
                     "%s: the file was changed while it was in use; start again, and replace "
                     "models by renaming",
                     file->path);
}
