#include "base/name_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

/* The slot of a name: its own, or the free one where it belongs. There are slots. */
static size_t slot_of(const struct name_index *index, const char *name)
{
    size_t at = (size_t)hash_bytes(name, strlen(name)) & (index->slot_count - 1);
    while (index->slots[at] && strcmp(index->names[index->slots[at] - 1], name) != 0)
        at = (at + 1) & (index->slot_count - 1);
    return at;
}

size_t name_index_find(const struct name_index *index, const char *name)
{
    return index->slot_count ? index->slots[slot_of(index, name)] - 1 : NAME_INDEX_NONE;
}

/* Makes room for one more name. */
static int grow(struct name_index *index, struct error *error)
{
    size_t count = index->slot_count ? 2 * index->slot_count : 64;
    if (memory_grow((void **)&index->names, &index->capacity, index->count + 1,
                    sizeof *index->names, error))
        return -1;
    if (index->count + 1 <= index->slot_count / 4 * 3)
        return 0;
    size_t *slots = calloc(count, sizeof *slots);
    if (!slots)
        return error_set(error, ERROR_MEMORY, "no memory for %zu names", count);
    free(index->slots);
    index->slots = slots;
    index->slot_count = count;
    for (size_t i = 0; i < index->count; i++)
        slots[slot_of(index, index->names[i])] = i + 1;
    return 0;
}

size_t name_index_put(struct name_index *index, const char *name, struct error *error)
{
    size_t found = name_index_find(index, name);
    if (found != NAME_INDEX_NONE || grow(index, error))
        return found;
    char *copy = strdup(name);
    if (!copy) {
        error_set(error, ERROR_MEMORY, "no memory for a name");
        return NAME_INDEX_NONE;
    }
    index->slots[slot_of(index, name)] = index->count + 1;
    index->names[index->count] = copy;
    return index->count++;
}

void name_index_free(struct name_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        free(index->names[i]);
    free(index->names);
    free(index->slots);
    *index = (struct name_index){0};
}
