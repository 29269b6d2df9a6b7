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
#include "base/folder.h"
#include "base/memory.h"
#include "base/path.h"
#include "images/tar_name.h"
#include "records/record_collection.h"
#include "records/record_png.h"

#define ENDING ".json"

struct walk {
    const struct folder *folder;
    bool ndjson; /* all NDJSON is visited */
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

/* Whether a file is a tar of records: `run --to tar` writes NAME.ndjson beside it. Other tars in a
 * folder may be of photographs. */
static bool is_record_tar(int parent, const char *name)
{
    char *index;
    size_t stem = tar_name_stem(name);
    if (strcmp(name + stem, ".tar") != 0 || asprintf(&index, "%.*s.ndjson", (int)stem, name) < 0)
        return false;
    bool found = faccessat(parent, index, F_OK, 0) == 0;
    free(index);
    return found;
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

/* DT_DIR, DT_LNK for a link to a folder, or DT_REG for all else: whoever opens it finds out what it
 * is. */
static int kind_of(int folder, const struct dirent *entry)
{
    struct stat status;
    bool is_folder = entry->d_type == DT_DIR;
    bool is_link = entry->d_type == DT_LNK;
    if (entry->d_type == DT_UNKNOWN &&
        fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        is_folder = S_ISDIR(status.st_mode);
        is_link = S_ISLNK(status.st_mode);
    }
    if (is_link && fstatat(folder, entry->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode))
        return DT_LNK;
    return is_folder ? DT_DIR : DT_REG;
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

static int note(const struct walk *walk, struct names *names, int folder,
                const struct dirent *entry, bool top)
{
    const char *name = entry->d_name;
    bool reserved = top && (name[0] == '@' || strcasecmp(name, PATH_RUN_FOLDER) == 0);
    if (is_system_name(name))
        return 0;
    int kind = kind_of(folder, entry);
    if (kind == DT_DIR && !reserved)
        return names_add(names, name, is_png_folder(folder, name) ? "/" RECORD_PNG_METADATA : "/",
                         walk->error);
    bool more = walk->ndjson && record_collection_is_ndjson(name);
    if (kind == DT_REG && (is_record(name) || more || is_record_tar(folder, name)))
        return names_add(names, name, "", walk->error);
    return 0;
}

/* Lists the folder `name`, which ends in '/' unless it is the top, "". */
static int list_names(const struct walk *walk, const char *name, struct names *names)
{
    struct error *error = walk->error;
    DIR *folder = folder_list(walk->folder, name, error);
    if (!folder)
        return -1;
    const struct dirent *entry;
    int result = 0;
    while (result == 0 && (errno = 0, entry = readdir(folder)))
        result = note(walk, names, dirfd(folder), entry, *name == '\0');
    if (result == 0 && errno)
        result = error_set_system(error, ERROR_IO, errno, "%s%s: cannot be listed",
                                  walk->folder->prefix, name);
    closedir(folder);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, compare);
    return result;
}

static int visit_one(const struct walk *walk, const char *file)
{
    /* Of a folder of PNG files its own name, of others the file's without its extension. */
    size_t length =
        record_png_is(file) ? (size_t)(path_base(file) - file) - 1 : path_stem_length(file);
    char *name = strndup(file, length);
    if (!name)
        return error_set(walk->error, ERROR_MEMORY, "%s: no memory for its name", file);
    int result = walk->visit(walk->context, file, name, walk->error);
    free(name);
    return result;
}

/* Walks the folder `name`, as list_names has it. */
static int walk_folder(const struct walk *walk, const char *name)
{
    struct names names = {0};
    int result = list_names(walk, name, &names);
    if (result && *name && walk->error->code == ERROR_IO) {
        names_free(&names);
        return visit_one(walk, name);
    }
    for (size_t i = 0; result == 0 && i < names.count; i++) {
        char *inner;
        if (asprintf(&inner, "%s%s", name, names.items[i]) < 0) {
            result = error_set(walk->error, ERROR_MEMORY, "%s: no memory for its names", name);
            break;
        }
        result =
            inner[strlen(inner) - 1] == '/' ? walk_folder(walk, inner) : visit_one(walk, inner);
        free(inner);
    }
    names_free(&names);
    return result;
}

/* Visits a folder of PNG files by the last component of its own path. */
static int visit_png_folder(const struct walk *walk)
{
    size_t length = strlen(walk->folder->path);
    while (length > 1 && walk->folder->path[length - 1] == '/')
        length--;
    char *path = strndup(walk->folder->path, length);
    if (!path)
        return error_set(walk->error, ERROR_MEMORY, "%s: no memory for its name",
                         walk->folder->path);
    int result = walk->visit(walk->context, RECORD_PNG_METADATA, path_base(path), walk->error);
    free(path);
    return result;
}

static int walk_all(const struct walk *walk)
{
    return folder_has(walk->folder, RECORD_PNG_METADATA) ? visit_png_folder(walk)
                                                         : walk_folder(walk, "");
}

int record_walk(const struct folder *folder, record_visit *visit, void *context,
                struct error *error)
{
    const struct walk walk = {folder, false, visit, context, error};
    return walk_all(&walk);
}

int record_walk_ndjson(const struct folder *folder, record_visit *visit, void *context,
                       struct error *error)
{
    const struct walk walk = {folder, true, visit, context, error};
    return walk_all(&walk);
}

int record_walk_file(const struct folder *folder, const char *file, record_visit *visit,
                     void *context, struct error *error)
{
    const struct walk walk = {folder, false, visit, context, error};
    return visit_one(&walk, file);
}

bool record_walk_is_record(const char *file)
{
    return is_record(file) || record_collection_is_ndjson(file) || record_collection_is_tar(file);
}
