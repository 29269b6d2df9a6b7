#include "base/hash_set.h"

#include "base/memory.h"

/* The slot that holds `hash`, or the free slot where it belongs. */
static uint64_t *find_slot(const struct hash_set *set, uint64_t hash)
{
    size_t at = hash & (set->size - 1);
    while (set->slots[at] && set->slots[at] != hash)
        at = (at + 1) & (set->size - 1);
    return &set->slots[at];
}

static int grow(struct hash_set *set, struct error *error)
{
    struct hash_set larger = {.size = set->size ? 2 * set->size : 1024, .used = set->used};
    larger.slots = memory_new(larger.size, sizeof *larger.slots, "table of names", error);
    if (!larger.slots)
        return -1;
    for (size_t i = 0; i < set->size; i++)
        if (set->slots[i])
            *find_slot(&larger, set->slots[i]) = set->slots[i];
    memory_free(set->slots);
    *set = larger;
    return 0;
}

int hash_set_put(struct hash_set *set, uint64_t hash, struct error *error)
{
    hash += hash == 0;
    if (set->used >= set->size / 4 * 3 && grow(set, error))
        return -1;
    uint64_t *slot = find_slot(set, hash);
    if (*slot)
        return 1;
    *slot = hash;
    set->used++;
    return 0;
}

bool hash_set_has(const struct hash_set *set, uint64_t hash)
{
    return set->size && *find_slot(set, hash + (hash == 0));
}

void hash_set_free(struct hash_set *set)
{
    memory_free(set->slots);
    *set = (struct hash_set){0};
}
