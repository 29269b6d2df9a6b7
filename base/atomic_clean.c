/* Removal of temporary files whose writers are dead: atomic_clean of atomic.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/atomic.h"
#include "base/atomic_name.h"

enum { FOREIGN_AGE = 24 * 3600 }; /* seconds after which another host's file is taken for dead */

static bool is_dead(int folder, const char *name, uint32_t host, pid_t pid)
{
    struct stat status;
    if (host != atomic_host())
        return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
               time(NULL) - status.st_mtime > FOREIGN_AGE;
    return pid == getpid() || (kill(pid, 0) && errno == ESRCH);
}

static bool is_folder(int folder, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
}

static int clean(const char *path, size_t *removed, struct error *error);

static int clean_entry(const char *path, int folder, const struct dirent *entry, size_t *removed,
                       struct error *error)
{
    uint32_t host;
    pid_t pid;
    const char *name = entry->d_name;
    if (atomic_is_temporary(name, &host, &pid)) {
        if (!is_dead(folder, name, host, pid))
            return 0;
        if (unlinkat(folder, name, 0) && errno != ENOENT && errno != EISDIR)
            return error_set_system(error, ERROR_IO, errno, "%s/%s: cannot be removed", path, name);
        ++*removed;
        return 0;
    }
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || !is_folder(folder, entry))
        return 0;
    char *inner;
    if (asprintf(&inner, "%s/%s", path, name) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its names", path);
    int result = clean(inner, removed, error);
    free(inner);
    return result;
}

static int clean(const char *path, size_t *removed, struct error *error)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT
                   ? 0
                   : error_set_system(error, ERROR_IO, errno, "%s: cannot be listed", path);
    const struct dirent *entry;
    int result = 0;
    while (result == 0 && (errno = 0, entry = readdir(folder)))
        result = clean_entry(path, dirfd(folder), entry, removed, error);
    if (result == 0 && errno)
        result = error_set_system(error, ERROR_IO, errno, "%s: cannot be listed", path);
    closedir(folder);
    return result;
}

int atomic_clean(const char *folder, size_t *removed, struct error *error)
{
    size_t count = 0;
    int result = clean(folder, &count, error);
    if (removed)
        *removed = count;
    return result;
}
