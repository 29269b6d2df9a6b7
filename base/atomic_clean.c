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
#include "base/error.h"
#include "base/folder.h"
#include "base/path.h"

/* A file of another host that is older, in seconds, is taken to be abandoned. */
enum { FOREIGN_AGE = 24 * 3600 };

struct cleaning {
    const struct folder *folder;
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

static int clean(struct cleaning *cleaning, const char *name, struct error *error);

/* Reports that a name in `folder` cannot be removed or listed. Returns -1. */
static int failed(const struct cleaning *cleaning, const char *name, const char *what,
                  struct error *error)
{
    return error_set_system(error, ERROR_IO, errno, "%s%s: %s", cleaning->folder->prefix, name,
                            what);
}

/* "NAME/ENTRY", or "ENTRY" at the top. Freed with free(3); NULL with *error. */
static char *name_below(const char *name, const char *entry, struct error *error)
{
    if (*name)
        return path_join(name, entry, error);
    char *copy = strdup(entry);
    if (!copy)
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", entry);
    return copy;
}

static int clean_entry(struct cleaning *cleaning, const char *name, int folder,
                       const struct dirent *entry, struct error *error)
{
    struct atomic_writer writer;
    if (atomic_is_temporary(entry->d_name, &writer)) {
        if (!is_dead(cleaning, folder, entry->d_name, &writer))
            return 0;
        if (unlinkat(folder, entry->d_name, 0) && errno != ENOENT && errno != EISDIR)
            return failed(cleaning, entry->d_name, "cannot be removed", error);
        cleaning->removed++;
        return 0;
    }
    if (!cleaning->recursive || strcmp(entry->d_name, ".") == 0 ||
        strcmp(entry->d_name, "..") == 0 || !is_folder(folder, entry))
        return 0;
    char *below = name_below(name, entry->d_name, error);
    int result = below ? clean(cleaning, below, error) : -1;
    free(below);
    return result;
}

static int clean(struct cleaning *cleaning, const char *name, struct error *error)
{
    DIR *folder = folder_list(cleaning->folder, name, error);
    bool none =
        !folder && (error->system == ENOENT || error->system == ENOTDIR || error->system == ELOOP);
    if (!folder)
        return none ? 0 : -1;
    const struct dirent *entry;
    int result = 0;
    while (result == 0 && (errno = 0, entry = readdir(folder)))
        result = clean_entry(cleaning, name, dirfd(folder), entry, error);
    if (result == 0 && errno)
        result = failed(cleaning, name, "cannot be listed", error);
    closedir(folder);
    return result;
}

static int clean_all(struct cleaning *cleaning, const char *name, size_t *removed,
                     struct error *error)
{
    cleaning->host = atomic_writer_self().host;
    int result = clean(cleaning, name, error);
    if (removed)
        *removed = cleaning->removed;
    return result;
}

int atomic_clean_folder(const struct folder *folder, const char *name,
                        const struct atomic_writer *dead, size_t dead_count, size_t *removed,
                        struct error *error)
{
    struct cleaning cleaning = {.folder = folder, .dead = dead, .dead_count = dead_count};
    return clean_all(&cleaning, name, removed, error);
}

int atomic_clean(const struct folder *folder, size_t *removed, struct error *error)
{
    struct cleaning cleaning = {.folder = folder, .recursive = true};
    return clean_all(&cleaning, "", removed, error);
}

void atomic_clean_beside(const char *path)
{
    struct error ignored;
    const char *name;
    struct folder *folder = folder_of(path, &name, &ignored);
    if (folder)
        atomic_clean_folder(folder, "", NULL, 0, NULL, &ignored);
    folder_close(folder);
}
