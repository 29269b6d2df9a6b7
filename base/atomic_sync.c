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

int atomic_sync_folder(const char *path, size_t length, struct error *error)
{
    char *folder = length ? strndup(path, length) : strdup(".");
    if (!folder)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", path);
    int fd;
    do
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    int failed = fd < 0 || (atomic_sync_file(fd) && errno != EINVAL);
    if (failed)
        error_set_system(error, ERROR_IO, errno, "%s: the folder cannot be synced to disk", folder);
    if (fd >= 0)
        close(fd);
    free(folder);
    return failed ? -1 : 0;
}

/* Makes one folder and syncs its parent. A folder that exists is fine. */
static int make_one(const char *path, struct error *error)
{
    struct stat status;
    if (mkdir(path, 0777) == 0) {
        size_t length = strlen(path);
        while (length > 0 && path[length - 1] == '/')
            length--;
        while (length > 0 && path[length - 1] != '/')
            length--;
        if (atomic_sync_folder(path, length, error) == 0)
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
    if (make_one(path, error) == 0)
        return 0;
    if (error->system != ENOENT)
        return -1;
    char *part = strdup(path);
    if (!part)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", path);
    int result = 0;
    for (char *slash = part + 1; result == 0 && *part && (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        result = make_one(part, error);
        *slash = '/';
    }
    free(part);
    return result ? -1 : make_one(path, error);
}
