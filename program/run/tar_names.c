#include "program/run/tar_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "jobs/list.h"

/* The name with the same stem, or NULL if only the hashes are equal. */
static const char *find(const struct tar_names *names, const char *name)
{
    size_t length = list_stem(name);
    for (size_t at = 0; at < names->used; at += strlen(names->names + at) + 1) {
        const char *other = names->names + at;
        if (list_stem(other) == length && memcmp(other, name, length) == 0)
            return other;
    }
    return NULL;
}

int tar_names_add(struct tar_names *names, const char *name, const char **earlier,
                  struct error *error)
{
    size_t size = strlen(name) + 1;
    int known = hash_set_put(&names->stems, hash_bytes(name, list_stem(name)), error);
    *earlier = known > 0 ? find(names, name) : NULL;
    if (known < 0 || *earlier)
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
