#include "base/atomic_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

size_t atomic_folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return 0;
    return slash == path ? 1 : (size_t)(slash - path);
}

char *atomic_folder_of(const char *path)
{
    size_t length = atomic_folder_length(path);
    return length ? strndup(path, length) : strdup(".");
}

int atomic_sync_file(int fd)
{
    int result;
    do
        result = fsync(fd);
    while (result && errno == EINTR);
    return result;
}

int atomic_sync_parent(int folder, const char *path, struct error *error)
{
    if (atomic_sync_file(folder) == 0 || errno == EINVAL)
        return 0;
    int length = (int)atomic_folder_length(path);
    return error_set_system(error, ERROR_IO, errno, "%.*s: the folder cannot be synced to disk",
                            length ? length : 1, length ? path : ".");
}

/* The same for the folder in which `path` lies. */
static int sync_parent_of(const char *path, struct error *error)
{
    char *folder = atomic_folder_of(path);
    if (!folder)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", path);
    int fd;
    do
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    free(folder);
    if (fd < 0)
        return error_set_system(error, ERROR_IO, errno, "%s: its folder cannot be opened", path);
    int result = atomic_sync_parent(fd, path, error);
    close(fd);
    return result;
}

/* Makes one folder, whose path does not end in '/', and syncs its parent. One that exists is fine. */
static int make_one(const char *path, struct error *error)
{
    struct stat status;
    if (mkdir(path, 0777) == 0) {
        if (sync_parent_of(path, error) == 0)
            return 0;
        rmdir(path); /* so that no later attempt takes it for durable */
        return -1;
    }
    int reason = errno;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    return error_set_system(error, ERROR_IO, reason, "%s: the folder cannot be made", path);
}

int atomic_make_folder(const char *path, struct error *error)
{
    char *part = strdup(path);
    if (!part)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", path);
    for (size_t length = strlen(part); length > 1 && part[length - 1] == '/';)
        part[--length] = '\0';
    int result = make_one(part, error);
    if (result && error->system == ENOENT && *part) {
        result = 0;
        for (char *slash = part + 1; result == 0 && (slash = strchr(slash, '/')); slash++) {
            *slash = 0;
            result = make_one(part, error);
            *slash = '/';
        }
        result = result ? -1 : make_one(part, error);
    }
    free(part);
    return result;
}
