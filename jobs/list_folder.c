#include "jobs/list_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/list.h"

/* The names of one folder on the current path: for each a kind ('f' or 'd'), the name and a NUL. */
struct level {
    char *names;
    size_t names_size, names_capacity;
    size_t *order; /* offsets into names, sorted by name */
    size_t count, order_capacity;
    size_t next;        /* of order */
    size_t path_length; /* of the folder's own path, with its slash */
};

struct list_folder {
    const struct list_folder_options *options;
    struct level *levels;
    size_t depth, levels_capacity;
    char *path; /* of the current folder or file */
    size_t path_capacity;
    size_t root_length;
};

static void level_free(struct level *level)
{
    free(level->names);
    free(level->order);
}

/* Replaces the path from byte `at` on by `name` and, for a folder, a slash. */
static int set_path(struct list_folder *folder, size_t at, const char *name, bool slash,
                    struct error *error)
{
    size_t length = strlen(name);
    if (memory_grow((void **)&folder->path, &folder->path_capacity, at + length + 2, 1, error))
        return -1;
    memcpy(folder->path + at, name, length + 1);
    if (slash && (at + length == 0 || folder->path[at + length - 1] != '/'))
        memcpy(folder->path + at + length, "/", 2);
    return 0;
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t length = strlen(name);
    size_t tail = strlen(suffix);
    return length >= tail && strcmp(name + length - tail, suffix) == 0;
}

/* 'd' for a folder to walk, 'f' for a file to take, 0 for an entry to skip. */
static char kind_of(const struct list_folder *folder, DIR *directory, const struct dirent *entry)
{
    const char *name = entry->d_name;
    const char *suffix = folder->options->skip_suffix;
    bool wanted = !folder->options->wanted || folder->options->wanted(name);
    bool take = wanted && !(suffix && ends_in(name, suffix));
    unsigned char type = entry->d_type;
    struct stat status;
    if (name[0] == '.')
        return 0;
    if (type == DT_UNKNOWN) { /* some file systems do not say */
        if (fstatat(dirfd(directory), name, &status, AT_SYMLINK_NOFOLLOW))
            return take ? 'f' : 0;
        type = (unsigned char)IFTODT(status.st_mode);
    }
    if (type == DT_DIR)
        return 'd';
    if (type == DT_LNK && take) {
        /* Take a dangling link, so that it is reported when it cannot be opened. */
        bool there = fstatat(dirfd(directory), name, &status, 0) == 0;
        return !there || S_ISREG(status.st_mode) ? 'f' : 0;
    }
    return type == DT_REG && take ? 'f' : 0;
}

static int level_add(struct level *level, char kind, const char *name, struct error *error)
{
    size_t size = strlen(name) + 2;
    if (memory_grow((void **)&level->names, &level->names_capacity, level->names_size + size, 1,
                    error) ||
        memory_grow((void **)&level->order, &level->order_capacity, level->count + 1,
                    sizeof *level->order, error))
        return -1;
    level->order[level->count++] = level->names_size;
    level->names[level->names_size] = kind;
    memcpy(level->names + level->names_size + 1, name, size - 1);
    level->names_size += size;
    return 0;
}

static int by_name(const void *left, const void *right, void *names)
{
    const char *a = (const char *)names + *(const size_t *)left + 1;
    const char *b = (const char *)names + *(const size_t *)right + 1;
    return strcmp(a, b);
}

static int level_read(struct list_folder *folder, struct level *level, DIR *directory,
                      struct error *error)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry && errno)
            return error_set_system(error, ERROR_IO, errno, "cannot read folder '%s'",
                                    folder->path);
        if (!entry)
            break;
        char kind = kind_of(folder, directory, entry);
        if (kind && level_add(level, kind, entry->d_name, error))
            return -1;
    }
    if (level->count > 1)
        qsort_r(level->order, level->count, sizeof *level->order, by_name, level->names);
    return 0;
}

/* Enters the folder at folder->path. */
static int descend(struct list_folder *folder, struct error *error)
{
    const struct list_folder_options *options = folder->options;
    if (memory_grow((void **)&folder->levels, &folder->levels_capacity, folder->depth + 1,
                    sizeof *folder->levels, error))
        return -1;
    DIR *directory = opendir(folder->path);
    if (!directory)
        return error_set_system(error, ERROR_IO, errno, "cannot open folder '%s'", folder->path);
    struct level level = {.path_length = strlen(folder->path)};
    struct stat status;
    bool skipped = folder->depth > 0 && options->skip && !fstat(dirfd(directory), &status) &&
                   status.st_dev == options->skip_device && status.st_ino == options->skip_inode;
    int result = skipped ? 0 : level_read(folder, &level, directory, error);
    closedir(directory);
    if (result) {
        level_free(&level);
        return -1;
    }
    folder->levels[folder->depth++] = level;
    return 0;
}

struct list_folder *list_folder_open(const char *root, const struct list_folder_options *options,
                                     struct error *error)
{
    struct list_folder *folder = memory_new(1, sizeof *folder, "folder walk", error);
    if (!folder)
        return NULL;
    folder->options = options;
    if (set_path(folder, 0, root, true, error) || descend(folder, error)) {
        list_folder_close(folder);
        return NULL;
    }
    folder->root_length = folder->levels[0].path_length;
    return folder;
}

int list_folder_next(struct list_folder *folder, const char **path, const char **key,
                     struct error *error)
{
    while (folder->depth > 0) {
        struct level *level = &folder->levels[folder->depth - 1];
        if (level->next == level->count) {
            level_free(level);
            folder->depth--;
            continue;
        }
        const char *name = level->names + level->order[level->next++];
        if (set_path(folder, level->path_length, name + 1, name[0] == 'd', error))
            return -1;
        if (name[0] == 'f') {
            *path = folder->path;
            *key = folder->path + folder->root_length;
            return 1;
        }
        if (descend(folder, error))
            return -1;
    }
    return 0;
}

void list_folder_close(struct list_folder *folder)
{
    if (!folder)
        return;
    for (size_t i = 0; i < folder->depth; i++)
        level_free(&folder->levels[i]);
    free(folder->levels);
    free(folder->path);
    memory_free(folder);
}
