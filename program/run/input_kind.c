#include "program/run/input_kind.h"

#include <string.h>

#include "base/hash.h"
#include "base/hash_set.h"
#include "base/memory.h"
#include "base/path.h"
#include "images/image.h"
#include "images/tar_input.h"
#include "images/tar_probe.h"
#include "jobs/list.h"

struct input_kinds {
    struct hash_set known, tars; /* hashes of the paths that were looked into */
};

struct input_kinds *input_kinds_new(struct error *error)
{
    return memory_new(1, sizeof(struct input_kinds), "kinds of inputs", error);
}

void input_kinds_free(struct input_kinds *kinds)
{
    if (!kinds)
        return;
    hash_set_free(&kinds->known);
    hash_set_free(&kinds->tars);
    memory_free(kinds);
}

bool input_is_wanted(const char *name)
{
    return image_has_extension(name) || tar_input_is_tar(name);
}

int input_is_tar(void *context, const char *path, const char *key, struct error *error)
{
    struct input_kinds *kinds = context;
    enum tar_probe_kind kind;
    if (image_has_extension(path_base(key)))
        return 0;
    uint64_t hash = hash_bytes(path, strlen(path));
    if (hash_set_has(&kinds->known, hash))
        return hash_set_has(&kinds->tars, hash);
    if (tar_probe(path, &kind, error))
        return -1;
    bool tar = tar_input_is_tar(key) ? kind != TAR_PROBE_IMAGE : kind == TAR_PROBE_TAR;
    if (hash_set_put(&kinds->known, hash, error) < 0 ||
        (tar && hash_set_put(&kinds->tars, hash, error) < 0))
        return -1;
    return tar;
}

size_t input_tar_folder(const char *key)
{
    return tar_input_is_tar(key) ? tar_input_stem(key) : list_stem(key);
}
