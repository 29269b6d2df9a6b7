#include "program/run/tar_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "jobs/list.h"
#include "program/run/name_fold.h"

/* The stem as the output folder compares it; freed with free(3). NULL with ERROR_MEMORY. */
static char *stem_of(const struct tar_names *names, const char *name, struct error *error)
{
    size_t length = list_stem(name);
    char *stem = names->folds ? name_fold(names->folds, name, length) : strndup(name, length);
    if (!stem)
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", name);
    return stem;
}

/* Finds the name with this stem: *found is NULL if only the hashes are equal. 0 or -1. */
static int find(const struct tar_names *names, const char *stem, const char **found,
                struct error *error)
{
    for (size_t at = 0; at < names->used; at += strlen(names->names + at) + 1) {
        *found = names->names + at;
        char *other = stem_of(names, *found, error);
        bool same = other && strcmp(other, stem) == 0;
        free(other);
        if (!other || same)
            return other ? 0 : -1;
    }
    *found = NULL;
    return 0;
}

/* Adds the name's stem. Returns 1 if it was there, with the name in *earlier, 0, or -1. */
static int add_stem(struct tar_names *names, const char *name, const char **earlier,
                    struct error *error)
{
    *earlier = NULL;
    char *stem = stem_of(names, name, error);
    if (!stem)
        return -1;
    int known = hash_set_put(&names->stems, hash_bytes(stem, strlen(stem)), error);
    if (known > 0 && find(names, stem, earlier, error))
        known = -1;
    free(stem);
    return known > 0 ? *earlier != NULL : known;
}

int tar_names_add(struct tar_names *names, const char *name, const char **earlier,
                  struct error *error)
{
    size_t size = strlen(name) + 1;
    int known = add_stem(names, name, earlier, error);
    if (known)
        return known;
    if (memory_grow((void **)&names->names, &names->capacity, names->used + size, 1, error))
        return -1;
    memcpy(names->names + names->used, name, size);
    names->used += size;
    return 0;
}

void tar_names_free(struct tar_names *names)
{
    hash_set_free(&names->stems);
    free(names->names);
    *names = (struct tar_names){0};
}
