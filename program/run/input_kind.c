#include "program/run/input_kind.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/hash_set.h"
#include "base/memory.h"
#include "base/path.h"
#include "images/image.h"
#include "images/tar_name.h"
#include "images/tar_probe.h"
#include "jobs/list.h"

struct input_kinds {
    struct image_server *server;
    bool stream;                 /* standard input is the only one */
    struct hash_set known, tars; /* hashes of the paths that were looked into */
};

struct input_kinds *input_kinds_new(struct image_server *server, bool stream, struct error *error)
{
    struct input_kinds *kinds = memory_new(1, sizeof *kinds, "kinds of inputs", error);
    if (!kinds)
        return NULL;
    kinds->server = server;
    kinds->stream = stream;
    return kinds;
}

void input_kinds_free(struct input_kinds *kinds)
{
    if (!kinds)
        return;
    hash_set_free(&kinds->known);
    hash_set_free(&kinds->tars);
    memory_free(kinds);
}

bool input_is_stream(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool input_is_wanted(const char *name)
{
    return image_has_extension(name) || tar_name_is_tar(name);
}

int input_is_tar(void *context, const char *path, const char *key, struct error *error)
{
    struct input_kinds *kinds = context;
    enum tar_probe_kind kind;
    if (input_is_stream(path) && kinds->stream)
        return 1;
    if (input_is_stream(path)) /* among others, its images could have their names */
        return error_set(error, ERROR_USAGE,
                         "-: standard input must be the only INPUT, and stands in no list; write "
                         "./- for a file of this name");
    if (image_has_extension(path_base(key)))
        return 0;
    uint64_t hash = hash_bytes(path, strlen(path));
    if (hash_set_has(&kinds->known, hash))
        return hash_set_has(&kinds->tars, hash);
    bool named = tar_name_is_tar(key);
    if (tar_probe(path, named ? NULL : kinds->server, &kind, error))
        return -1;
    bool tar = named ? kind != TAR_PROBE_IMAGE : kind == TAR_PROBE_TAR;
    if (hash_set_put(&kinds->known, hash, error) < 0 ||
        (tar && hash_set_put(&kinds->tars, hash, error) < 0))
        return -1;
    return tar;
}

int input_is_tar_object(void *context, const char *name, const char *key, struct error *error)
{
    (void)context;
    if (tar_name_is_tar(key))
        return 1;
    return error_set(error, ERROR_USAGE,
                     "'%s' does not have the ending of a tar, such as .tar or .tar.gz, and --spool "
                     "reads tars only",
                     name);
}

/* Whether the last component of a path of this length is neither empty, "." nor "..". */
static bool ends_in_name(const char *path, size_t length)
{
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    size_t size = length - start;
    return size > 2 || strspn(path + start, ".") < size;
}

size_t input_tar_folder(const char *key)
{
    size_t stem = tar_name_is_tar(key) ? tar_name_stem(key) : list_stem(key);
    return ends_in_name(key, stem) ? stem : strlen(key);
}
