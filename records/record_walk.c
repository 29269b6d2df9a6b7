#include "records/record_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"
#include "records/record_collection.h"
#include "records/record_png.h"

#define ENDING ".json"

struct walk {
    size_t root_length; /* of the folder's path and its '/' */
    record_visit *visit;
    void *context;
    struct error *error;
};

struct names {
    char **items; /* owned; folders end in '/' */
    size_t count, capacity;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

static int names_add(struct names *names, const char *name, const char *mark, struct error *error)
{
    char *copy;
    if (memory_grow((void **)&names->items, &names->capacity, names->count + 1,
                    sizeof *names->items, error))
        return -1;
    if (asprintf(&copy, "%s%s", name, mark) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", name);
    names->items[names->count++] = copy;
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_record(const char *name)
{
    if (strcmp(name, "records.ndjson") == 0)
        return true;
    size_t length = strlen(name), ending = strlen(ENDING);
    return length > ending && strcmp(name + length - ending, ENDING) == 0;
}

/* The folder itself and its parent, and what systems keep in or beside a folder: copies of it, what
 * was deleted from it, files of macOS on other systems' disks. */
static bool is_system_name(const char *name)
{
    static const char *const starts[] = {"._", ".snapshot", ".zfs", ".Trash", ".git"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* DT_DIR, DT_REG, or DT_UNKNOWN for an entry to skip. Links to files count as files. */
static int kind_of(int folder, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type == DT_DIR || entry->d_type == DT_REG)
        return entry->d_type;
    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK)
        return DT_UNKNOWN;
    if (entry->d_type == DT_UNKNOWN &&
        fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(status.st_mode))
        return DT_DIR;
    return fstatat(folder, entry->d_name, &status, 0) == 0 && S_ISREG(status.st_mode) ? DT_REG
                                                                                      : DT_UNKNOWN;
}

/* Whether a folder holds one image's masks as PNG files. */
static bool is_png_folder(int parent, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/" RECORD_PNG_METADATA, name) < 0)
        return false;
    bool found = faccessat(parent, path, F_OK, 0) == 0;
    free(path);
    return found;
}

static int note(struct names *names, int folder, const struct dirent *entry, bool top,
                struct error *error)
{
    const char *name = entry->d_name;
    bool reserved = top && (name[0] == '@' || strcasecmp(name, PATH_RUN_FOLDER) == 0);
    if (is_system_name(name))
        return 0;
    int kind = kind_of(folder, entry);
    if (kind == DT_DIR && !reserved)
        return names_add(names, name, is_png_folder(folder, name) ? "/" RECORD_PNG_METADATA : "/",
                         error);
    if (kind == DT_REG && is_record(name))
        return names_add(names, name, "", error);
    return 0;
}

static int list_names(const char *path, bool top, struct names *names, struct error *error)
{
    DIR *folder = opendir(path);
    if (!folder)
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be listed", path);
    const struct dirent *entry;
    int result = 0;
    while (result == 0 && (errno = 0, entry = readdir(folder)))
        result = note(names, dirfd(folder), entry, top, error);
    if (result == 0 && errno)
        result = error_set_system(error, ERROR_IO, errno, "%s: cannot be listed", path);
    closedir(folder);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, compare);
    return result;
}

static int visit_one(struct walk *walk, const char *path)
{
    const char *relative = path + walk->root_length;
    /* Of a folder of PNG files its own name, of others the file's without its extension. */
    size_t length = record_png_is(path) ? (size_t)(path_base(relative) - relative) - 1
                                        : path_stem_length(relative);
    char *name = strndup(relative, length);
    if (!name)
        return error_set(walk->error, ERROR_MEMORY, "%s: no memory for its name", path);
    int result = walk->visit(walk->context, path, name, walk->error);
    free(name);
    return result;
}

/* `path` ends in '/'. */
static int walk_folder(struct walk *walk, const char *path, bool top)
{
    struct names names = {0};
    int result = list_names(path, top, &names, walk->error);
    if (result && !top && walk->error->code == ERROR_IO) {
        names_free(&names);
        return visit_one(walk, path);
    }
    for (size_t i = 0; result == 0 && i < names.count; i++) {
        char *inner;
        if (asprintf(&inner, "%s%s", path, names.items[i]) < 0) {
            result = error_set(walk->error, ERROR_MEMORY, "%s: no memory for its names", path);
            break;
        }
        result = inner[strlen(inner) - 1] == '/' ? walk_folder(walk, inner, false)
                                                 : visit_one(walk, inner);
        free(inner);
    }
    names_free(&names);
    return result;
}

/* `path` ends in '/' and is a folder of PNG files. */
static int visit_png_folder(struct walk *walk, const char *path)
{
    char *metadata;
    size_t start = strlen(path) - 1; /* of the folder's name */
    while (start > 0 && path[start - 1] != '/')
        start--;
    if (asprintf(&metadata, "%s" RECORD_PNG_METADATA, path) < 0)
        return error_set(walk->error, ERROR_MEMORY, "%s: no memory for its name", path);
    walk->root_length = start;
    int result = visit_one(walk, metadata);
    free(metadata);
    return result;
}

int record_walk(const char *folder, record_visit *visit, void *context, struct error *error)
{
    struct walk walk = {.visit = visit, .context = context, .error = error};
    struct stat status;
    if (stat(folder, &status))
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be opened", folder);
    if (S_ISREG(status.st_mode) && (is_record(folder) || record_collection_is_ndjson(folder))) {
        walk.root_length = (size_t)(path_base(folder) - folder);
        return visit_one(&walk, folder);
    }
    size_t length = strlen(folder);
    char *path;
    if (asprintf(&path, "%s%s", folder, length && folder[length - 1] == '/' ? "" : "/") < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", folder);
    walk.root_length = strlen(path);
    int result = is_png_folder(AT_FDCWD, folder) ? visit_png_folder(&walk, path)
                                                 : walk_folder(&walk, path, true);
    free(path);
    return result;
}
