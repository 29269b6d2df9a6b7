#include "jobs/list_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/ledger.h"
#include "jobs/passed_over.h"

/* The names of one folder on the current path: for each a kind ('f' or 'd'), the name and a NUL. */
struct level {
    char *names;
    size_t names_size, names_capacity;
    size_t *order; /* offsets into names, sorted by name */
    size_t count, order_capacity;
    size_t next;        /* of order */
    size_t path_length; /* of the folder's own path, with its slash */
    bool is_run;        /* a run wrote into it: its '@' folders hold formats */
};

struct list_folder {
    const struct list_folder_options *options;
    struct level *levels;
    size_t depth, levels_capacity;
    char *path; /* of the current folder or file */
    size_t path_capacity;
    size_t root_length;
    struct error fault;
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

/* Counts an entry that is left out. Returns 0. */
static char pass_over(const struct list_folder *folder, enum passed_reason reason)
{
    passed_over_add(folder->options->passed, reason);
    return 0;
}

/* The type of an entry: DT_REG, DT_DIR, DT_LNK for a link to anything but a file, or another. What
 * cannot be examined, such as a dangling link, counts as a file, so that it is reported when it
 * cannot be opened. */
static unsigned char type_of(DIR *directory, const struct dirent *entry)
{
    unsigned char type = entry->d_type;
    struct stat status;
    if (type == DT_UNKNOWN) { /* some file systems do not say */
        if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
            return DT_REG;
        type = (unsigned char)IFTODT(status.st_mode);
    }
    if (type == DT_LNK &&
        (fstatat(dirfd(directory), entry->d_name, &status, 0) || S_ISREG(status.st_mode)))
        return DT_REG;
    return type;
}

/* 'f' for a file to take, 0 for one to leave out. */
static char kind_of_file(const struct list_folder *folder, const char *name)
{
    const struct list_folder_options *options = folder->options;
    if (options->skip_suffix && ends_in(name, options->skip_suffix))
        return pass_over(folder, PASSED_OUTPUT);
    if (!options->wanted || options->wanted(name))
        return 'f';
    passed_over_name(options->passed, name);
    return 0;
}

/* Whether a name is that of a run's own folder. */
static bool is_state(const char *name)
{
    return name[0] == '.' && strcmp(name, LEDGER_FOLDER) == 0;
}

/* 'd' for a folder to walk, 'f' for a file to take, 0 for an entry to leave out. */
static char kind_of(const struct list_folder *folder, DIR *directory, const struct dirent *entry)
{
    const char *name = entry->d_name;
    if (name[0] == '.' && (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_state(name)))
        return 0;
    unsigned char type = type_of(directory, entry);
    enum passed_reason reason = name_rules_name(&folder->options->rules, name);
    if (reason != PASSED_NOT && type != DT_DIR) /* folders: see take_folder */
        return pass_over(folder, reason);
    switch (type) {
    case DT_REG:
        return kind_of_file(folder, name);
    case DT_DIR:
        return 'd';
    case DT_LNK:
        return pass_over(folder, PASSED_LINK);
    default:
        return pass_over(folder, PASSED_SPECIAL);
    }
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
        level->is_run |= is_state(entry->d_name);
        char kind = kind_of(folder, directory, entry);
        if (kind && level_add(level, kind, entry->d_name, error))
            return -1;
    }
    if (level->count > 1)
        qsort_r(level->order, level->count, sizeof *level->order, by_name, level->names);
    return 0;
}

static bool is_skipped(const struct list_folder *folder, DIR *directory)
{
    const struct list_folder_options *options = folder->options;
    struct stat status;
    return options->skip && fstat(dirfd(directory), &status) == 0 &&
           status.st_dev == options->skip_device && status.st_ino == options->skip_inode;
}

/* Enters the folder at folder->path. */
static int descend(struct list_folder *folder, struct error *error)
{
    if (memory_grow((void **)&folder->levels, &folder->levels_capacity, folder->depth + 1,
                    sizeof *folder->levels, error))
        return -1;
    DIR *directory = opendir(folder->path);
    if (!directory)
        return error_set_system(error, ERROR_IO, errno, "cannot open folder '%s'", folder->path);
    struct level level = {.path_length = strlen(folder->path)};
    bool skipped = folder->depth > 0 && is_skipped(folder, directory);
    int result = skipped ? 0 : level_read(folder, &level, directory, error);
    closedir(directory);
    if (result) {
        level_free(&level);
        return -1;
    }
    folder->levels[folder->depth++] = level;
    return 0;
}

/* Whether the root, unlike the folder at folder->path, can be read. */
static bool root_is_sound(const struct list_folder *folder)
{
    char *root = strndup(folder->path, folder->root_length);
    DIR *directory = root ? opendir(root) : NULL;
    bool sound = directory && readdir(directory);
    if (directory)
        closedir(directory);
    free(root);
    return sound;
}

/* Whether a folder cannot be read for a reason of its own, and not of the machine's. */
static bool is_own_fault(const struct list_folder *folder, const struct error *error)
{
    switch (error->system) {
    case EACCES:
    case EPERM:
    case ENOENT: /* it has vanished */
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return true;
    case EIO: /* a damaged folder, or a disk that fails as a whole */
    case EBADMSG:
    case EUCLEAN:
        return root_is_sound(folder);
    default:
        return false;
    }
}

/* Enters the folder at folder->path, which is below the root. Returns 0; 1 if it cannot be read for
 * a reason of its own, which is then in folder->fault; or -1. */
static int enter(struct list_folder *folder, struct error *error)
{
    if (descend(folder, error) == 0)
        return 0;
    if (!is_own_fault(folder, error))
        return -1;
    folder->fault = *error;
    error_append(&folder->fault, "; make it readable, or leave it out with --exclude");
    return 1;
}

/* Enters the folder of this key and name, which is at folder->path, or leaves it out. Returns as
 * enter. */
static int take_folder(struct list_folder *folder, const char *key, const char *name,
                       struct error *error)
{
    const struct list_folder_options *options = folder->options;
    enum passed_reason reason = name_rules_name(&options->rules, name);
    if (reason == PASSED_NOT && name[0] == '@' && folder->levels[folder->depth - 1].is_run)
        reason = PASSED_OUTPUT;
    if (reason == PASSED_NOT && name_rules_exclude(&options->rules, key))
        reason = PASSED_EXCLUDED;
    int entered = 0;
    if (reason != PASSED_NOT)
        pass_over(folder, reason);
    else
        entered = enter(folder, error);
    if (entered == 0 && options->no_fault)
        options->no_fault(options->context, folder->path + folder->root_length);
    return entered;
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

int list_folder_next(struct list_folder *folder, struct list_folder_entry *entry,
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
        const char *key = folder->path + folder->root_length;
        if (name[0] == 'f' && name_rules_exclude(&folder->options->rules, key)) {
            pass_over(folder, PASSED_EXCLUDED);
            continue;
        }
        int found = name[0] == 'd' ? take_folder(folder, key, name + 1, error) : 1;
        *entry = (struct list_folder_entry){folder->path, key, NULL};
        if (name[0] == 'd')
            entry->fault = &folder->fault;
        if (found)
            return found;
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
