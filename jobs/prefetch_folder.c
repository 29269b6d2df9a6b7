#include "jobs/prefetch_folder.h"

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

enum { OLD = 24 * 3600 }; /* seconds */

/* Removes what is in the open folder `fd`, which it closes. Programs that fetch leave files only. */
static void empty(int fd)
{
    DIR *folder = fdopendir(fd);
    const struct dirent *entry;
    if (!folder) {
        close(fd);
        return;
    }
    while ((entry = readdir(folder)))
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
}

/* Removes the folder `name` below `parent`, no link, and the files in it. */
static void remove_folder(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        empty(fd);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static bool is_gone(int parent, const char *name, const struct atomic_writer *dead,
                    size_t dead_count)
{
    struct atomic_writer writer;
    struct stat status;
    if (!atomic_writer_parse(name, &writer))
        return false;
    if (atomic_writer_is_gone(&writer))
        return true;
    for (size_t i = 0; i < dead_count; i++)
        if (atomic_writer_equal(&writer, &dead[i]))
            return true;
    struct atomic_writer self = atomic_writer_self();
    return writer.host != self.host && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           time(NULL) - status.st_mtime > OLD;
}

static int clean(const struct folder *spool, const struct atomic_writer *dead, size_t dead_count,
                 struct error *error)
{
    const struct dirent *entry;
    DIR *folder = folder_list(spool, PREFETCH_FOLDER, error);
    if (!folder)
        return -1;
    while ((entry = readdir(folder)))
        if (is_gone(dirfd(folder), entry->d_name, dead, dead_count))
            remove_folder(dirfd(folder), entry->d_name);
    closedir(folder);
    return 0;
}

/* "in/WRITER" of this process. */
static void own_name(char name[ATOMIC_WRITER_TEXT + sizeof PREFETCH_FOLDER])
{
    char text[ATOMIC_WRITER_TEXT];
    struct atomic_writer self = atomic_writer_self();
    atomic_writer_text(&self, text);
    snprintf(name, ATOMIC_WRITER_TEXT + sizeof PREFETCH_FOLDER, PREFETCH_FOLDER "/%s", text);
}

char *prefetch_folder_make(const struct folder *spool, const struct atomic_writer *dead,
                           size_t dead_count, struct error *error)
{
    char name[ATOMIC_WRITER_TEXT + sizeof PREFETCH_FOLDER];
    char *path = NULL;
    own_name(name);
    prefetch_folder_remove(spool);
    if (folder_make_below(spool, PREFETCH_FOLDER, error) || clean(spool, dead, dead_count, error) ||
        folder_make_below(spool, name, error))
        return NULL;
    char *root = realpath(spool->path, NULL);
    if (!root)
        error_set_system(error, ERROR_IO, errno, "%s", spool->path);
    else
        path = path_join(root, name, error);
    free(root);
    return path;
}

void prefetch_folder_remove(const struct folder *spool)
{
    char name[ATOMIC_WRITER_TEXT + sizeof PREFETCH_FOLDER];
    own_name(name);
    remove_folder(spool->fd, name);
}
