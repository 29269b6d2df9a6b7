/* Files below a folder: the rules of folder.h for what is opened. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/read_file.h"

#define OR_TRUST "give --trust-folder if nobody else writes into this folder"

/* Refuses what is open as `fd` unless it is a file of a run. 0 or -1. */
static int check(const struct folder *folder, const char *name, int fd, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status))
        return error_set_system(error, ERROR_IO, errno, "%s%s: cannot be examined", folder->prefix,
                                name);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_IO, "%s%s: not a regular file; remove it", folder->prefix,
                         name);
    if (folder->trusted)
        return 0;
    if (status.st_nlink > 1) {
        error_set(error, ERROR_IO,
                  "%s%s: has %ju names (hard links), and others may have made them; copy it and "
                  "remove it, or " OR_TRUST,
                  folder->prefix, name, (uintmax_t)status.st_nlink);
        error->system = EMLINK;
        return -1;
    }
    if (status.st_uid != geteuid() && status.st_uid != 0 && status.st_uid != folder->owner)
        return error_set(error, ERROR_IO,
                         "%s%s: belongs to user %ju, who is neither you nor root nor the folder's "
                         "owner; remove it, or " OR_TRUST,
                         folder->prefix, name, (uintmax_t)status.st_uid);
    return 0;
}

int folder_open_file(const struct folder *folder, const char *name, int flags, struct error *error)
{
    int fd = folder_open_below(folder, name, flags | O_NONBLOCK | O_NOCTTY, error);
    if (fd < 0 || check(folder, name, fd, error) == 0)
        return fd;
    close(fd);
    return -1;
}

FILE *folder_stream(const struct folder *folder, const char *name, struct error *error)
{
    int fd = folder_open_file(folder, name, O_RDONLY, error);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (fd >= 0 && !file) {
        error_set(error, ERROR_MEMORY, "%s%s: no memory to read it", folder->prefix, name);
        close(fd);
    }
    return file;
}

int folder_read(const struct folder *folder, const char *name, size_t most, char **bytes,
                size_t *size, struct error *error)
{
    char *path;
    int fd = folder_open_file(folder, name, O_RDONLY, error);
    if (fd < 0)
        return -1;
    int result = -1;
    if (asprintf(&path, "%s%s", folder->prefix, name) < 0) {
        error_set(error, ERROR_MEMORY, "%s: no memory for its path", name);
    } else {
        result = read_descriptor(fd, path, most, bytes, size, error);
        free(path);
    }
    close(fd);
    return result;
}

/* fstatat for a name below. */
static int stat_below(const struct folder *folder, const char *name, struct stat *status, int flags)
{
    struct error error;
    const char *base;
    int parent = folder_parent(folder, name, false, &base, &error);
    int result = parent < 0 ? -1 : fstatat(parent, base, status, flags);
    int reason = parent >= 0 ? errno : error.code == ERROR_MEMORY ? ENOMEM : error.system;
    if (parent >= 0)
        close(parent);
    errno = reason;
    return result;
}

int folder_stat(const struct folder *folder, const char *name, struct stat *status)
{
    return stat_below(folder, name, status, folder->trusted ? 0 : AT_SYMLINK_NOFOLLOW);
}

bool folder_has(const struct folder *folder, const char *name)
{
    struct stat status;
    return stat_below(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ||
           (errno != ENOENT && errno != ENOTDIR && errno != ELOOP);
}

int folder_remove(const struct folder *folder, const char *name, struct error *error)
{
    const char *base;
    int parent = folder_parent(folder, name, false, &base, error);
    if (parent < 0)
        return error->system == ENOENT ? 0 : -1;
    int reason = unlinkat(parent, base, 0) ? errno : 0;
    close(parent);
    return reason && reason != ENOENT
               ? error_set_system(error, ERROR_IO, reason, "%s%s: cannot be removed",
                                  folder->prefix, name)
               : 0;
}
