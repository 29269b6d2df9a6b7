#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_sync.h"
#include "base/error.h"
#include "base/folder_lookup.h"
#include "base/memory.h"
#include "base/path.h"

/* Opens `name` below `at`, a folder in `folder`, by its rules. Returns the descriptor, or -1 with
 * errno. */
static int open_at(const struct folder *folder, int at, const char *name, int flags)
{
    int fd;
    if (!folder->trusted)
        return folder_lookup(at, name, flags, 0666);
    do
        fd = openat(at, name, flags | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* Opens the folder `name` below `folder`; "" is itself. */
static int open_folder(const struct folder *folder, const char *name)
{
    return open_at(folder, folder->fd, *name ? name : ".", O_RDONLY | O_DIRECTORY);
}

bool folder_refuses_name(int system)
{
    return system == EINVAL || system == EILSEQ || system == ENAMETOOLONG;
}

/* Reports why `name` could not be opened. Returns -1. */
static int not_opened(const struct folder *folder, const char *name, int reason,
                      struct error *error)
{
    if (folder_refuses_name(reason))
        return error_set_system(error, ERROR_IO, reason,
                                "%s%s: its file system cannot hold this name; shorten or change it",
                                folder->prefix, name);
    if (reason == ELOOP && !folder->trusted)
        error_set(error, ERROR_IO,
                  "%s%s: a symbolic link is on the way to it, and others may have put it there; "
                  "remove the link, or give --trust-folder if nobody else writes into this folder",
                  folder->prefix, name);
    else if (reason == EXDEV)
        error_set(error, ERROR_IO, "%s%s: leads out of the folder", folder->prefix, name);
    else
        return error_set_system(error, ERROR_IO, reason, "%s%s: cannot be opened", folder->prefix,
                                name);
    error->system = reason; /* without its text, which says less */
    return -1;
}

int folder_open_below(const struct folder *folder, const char *name, int flags, struct error *error)
{
    int fd = open_at(folder, folder->fd, name, flags);
    return fd < 0 ? not_opened(folder, name, errno, error) : fd;
}

void folder_close(struct folder *folder)
{
    if (!folder)
        return;
    if (folder->fd >= 0)
        close(folder->fd);
    free(folder->path);
    free(folder->prefix);
    memory_free(folder);
}

/* A folder that is not open yet. Takes over `path`. */
static struct folder *folder_new(char *path, struct error *error)
{
    struct folder *folder = memory_new(1, sizeof *folder, "a folder", error);
    if (!folder) {
        free(path);
        return NULL;
    }
    folder->fd = -1;
    folder->path = path;
    size_t length = path ? strlen(path) : 0;
    if (path && strcmp(path, ".") == 0)
        folder->prefix = strdup("");
    else if (path)
        folder->prefix =
            length && path[length - 1] == '/' ? strdup(path) : path_join(path, "", error);
    if (folder->prefix)
        return folder;
    error_set(error, ERROR_MEMORY, "no memory for the path of a folder");
    folder_close(folder);
    return NULL;
}

struct folder *folder_open(const char *path, bool trusted, struct error *error)
{
    struct stat status;
    struct folder *folder = folder_new(strdup(path), error);
    if (!folder)
        return NULL;
    do
        folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (folder->fd < 0 && errno == EINTR);
    if (folder->fd >= 0 && fstat(folder->fd, &status) == 0) {
        folder->owner = status.st_uid;
        folder->trusted = trusted;
        return folder;
    }
    error_set_system(error, ERROR_IO, errno, "%s: cannot be opened", path);
    folder_close(folder);
    return NULL;
}

struct folder *folder_make(const char *path, bool trusted, struct error *error)
{
    return atomic_make_folder(path, error) ? NULL : folder_open(path, trusted, error);
}

struct folder *folder_of(const char *path, const char **name, struct error *error)
{
    char *parent = atomic_folder_of(path);
    struct folder *folder = NULL;
    *name = path_base(path);
    if (parent)
        folder = folder_make(parent, true, error);
    else
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", path);
    free(parent);
    return folder;
}

struct folder *folder_below(const struct folder *folder, const char *name, struct error *error)
{
    struct folder *below;
    char *path;
    if (asprintf(&path, "%s%s", folder->prefix, name) < 0) {
        error_set(error, ERROR_MEMORY, "%s: no memory for its path", name);
        return NULL;
    }
    below = folder_new(path, error);
    if (!below)
        return NULL;
    below->owner = folder->owner;
    below->trusted = folder->trusted;
    below->fd = open_folder(folder, name);
    if (below->fd >= 0)
        return below;
    not_opened(folder, name, errno, error);
    folder_close(below);
    return NULL;
}

DIR *folder_list(const struct folder *folder, const char *name, struct error *error)
{
    int fd = open_folder(folder, name);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    if (list)
        return list;
    not_opened(folder, name, errno, error);
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* Makes the folder `name` in `at` and opens it. Returns the descriptor, or -1 with errno. */
static int make_step(const struct folder *folder, int at, const char *name)
{
    if (mkdirat(at, name, 0777) == 0) {
        if (atomic_sync_file(at) && errno != EINVAL) {
            int reason = errno;
            unlinkat(at, name, AT_REMOVEDIR); /* so that no later attempt takes it for durable */
            errno = reason;
            return -1;
        }
    } else if (errno != EEXIST) {
        return -1;
    }
    return open_at(folder, at, name, O_RDONLY | O_DIRECTORY);
}

/* Makes the folders of a path, which is cut up, and opens the last. As make_step. */
static int make_steps(const struct folder *folder, char *path)
{
    int at = open_folder(folder, "");
    char *rest = NULL;
    for (char *name = strtok_r(path, "/", &rest); name && at >= 0;
         name = strtok_r(NULL, "/", &rest)) {
        int below = make_step(folder, at, name);
        int reason = errno;
        close(at);
        errno = reason;
        at = below;
    }
    return at;
}

/* Makes the folder `name` below and opens it. Returns the descriptor, or -1 with *error. */
static int make_folder(const struct folder *folder, const char *name, struct error *error)
{
    char *path = strdup(name);
    if (!path)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", name);
    int fd = make_steps(folder, path);
    int reason = errno;
    free(path);
    if (fd < 0 && (reason == ELOOP || reason == EXDEV || folder_refuses_name(reason)))
        return not_opened(folder, name, reason, error);
    return fd < 0 ? error_set_system(error, ERROR_IO, reason, "%s%s: the folder cannot be made",
                                     folder->prefix, name)
                  : fd;
}

int folder_make_below(const struct folder *folder, const char *name, struct error *error)
{
    int fd = make_folder(folder, name, error);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? -1 : 0;
}

int folder_parent(const struct folder *folder, const char *name, bool make, const char **base,
                  struct error *error)
{
    *base = path_base(name);
    char *parent = strndup(name, *base > name ? (size_t)(*base - name) - 1 : 0);
    if (!parent)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", name);
    int fd = open_folder(folder, parent);
    if (fd < 0 && errno == ENOENT && make)
        fd = make_folder(folder, parent, error);
    else if (fd < 0)
        not_opened(folder, parent, errno, error);
    free(parent);
    return fd;
}
