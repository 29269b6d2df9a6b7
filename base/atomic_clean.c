#include "base/atomic_clean.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic_name.h"
#include "base/atomic_sync.h"
#include "base/error.h"

/* A file of another host that is older, in seconds, is taken to be abandoned. */
enum { FOREIGN_AGE = 24 * 3600 };

struct cleaning {
    const struct atomic_writer *dead; /* [dead_count] */
    size_t dead_count;
    uint32_t host; /* this host */
    bool recursive;
    size_t removed;
};

static bool is_dead(const struct cleaning *cleaning, int folder, const char *name,
                    const struct atomic_writer *writer)
{
    struct stat status;
    if (writer->host == cleaning->host)
        return atomic_writer_is_gone(writer);
    for (size_t i = 0; i < cleaning->dead_count; i++)
        if (atomic_writer_equal(writer, &cleaning->dead[i]))
            return true;
    return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           time(NULL) - status.st_mtime > FOREIGN_AGE;
}

static bool is_folder(int folder, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
}

static int clean(struct cleaning *cleaning, const char *path, struct error *error);

static int clean_entry(struct cleaning *cleaning, const char *path, int folder,
                       const struct dirent *entry, struct error *error)
{
    struct atomic_writer writer;
    const char *name = entry->d_name;
    if (atomic_is_temporary(name, &writer)) {
        if (!is_dead(cleaning, folder, name, &writer))
            return 0;
        if (unlinkat(folder, name, 0) && errno != ENOENT && errno != EISDIR)
            return error_set_system(error, ERROR_IO, errno, "%s/%s: cannot be removed", path, name);
        cleaning->removed++;
        return 0;
    }
    if (!cleaning->recursive || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        !is_folder(folder, entry))
        return 0;
    char *inner;
    if (asprintf(&inner, "%s/%s", path, name) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its names", path);
    int result = clean(cleaning, inner, error);
    free(inner);
    return result;
}

static int clean(struct cleaning *cleaning, const char *path, struct error *error)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno == ENOENT
                   ? 0
                   : error_set_system(error, ERROR_IO, errno, "%s: cannot be listed", path);
    const struct dirent *entry;
    int result = 0;
    while (result == 0 && (errno = 0, entry = readdir(folder)))
        result = clean_entry(cleaning, path, dirfd(folder), entry, error);
    if (result == 0 && errno)
        result = error_set_system(error, ERROR_IO, errno, "%s: cannot be listed", path);
    closedir(folder);
    return result;
}

static int clean_all(struct cleaning *cleaning, const char *folder, size_t *removed,
                     struct error *error)
{
    cleaning->host = atomic_writer_self().host;
    int result = clean(cleaning, folder, error);
    if (removed)
        *removed = cleaning->removed;
    return result;
}

int atomic_clean_folder(const char *folder, const struct atomic_writer *dead, size_t dead_count,
                        size_t *removed, struct error *error)
{
    struct cleaning cleaning = {.dead = dead, .dead_count = dead_count};
    return clean_all(&cleaning, folder, removed, error);
}

int atomic_clean(const char *folder, size_t *removed, struct error *error)
{
    struct cleaning cleaning = {.recursive = true};
    return clean_all(&cleaning, folder, removed, error);
}

void atomic_clean_beside(const char *path)
{
    struct error ignored = {0};
    char *folder = atomic_folder_of(path);
    if (folder)
        atomic_clean_folder(folder, NULL, 0, NULL, &ignored);
    free(folder);
}
