#include "program/similar/image_twins.h"

#include <stdlib.h>

#include "base/memory.h"

int image_twins_add(struct image_twins *twins, const struct image_twin *twin, struct error *error)
{
    if (memory_grow((void **)&twins->items, &twins->capacity, twins->count + 1,
                    sizeof *twins->items, error))
        return -1;
    twins->items[twins->count++] = *twin;
    return 0;
}

static int compare(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_mask(const void *left, const void *right)
{
    const struct image_twin *a = left, *b = right;
    const int order = compare(a->other, b->other);
    return order ? order : compare(a->mask, b->mask);
}

static int by_other_mask(const void *left, const void *right)
{
    const struct image_twin *a = left, *b = right;
    return compare(a->other_mask, b->other_mask);
}

/* Counts the pairs items[0..count) of one other image, which come by rising mask; changes their order. */
static struct image_pair count_pair(struct image_twin *items, size_t count)
{
    struct image_pair pair = {items[0].other, 1, 1};
    for (size_t i = 1; i < count; i++)
        pair.masks += items[i].mask != items[i - 1].mask;
    qsort(items, count, sizeof *items, by_other_mask);
    for (size_t i = 1; i < count; i++)
        pair.other_masks += items[i].other_mask != items[i - 1].other_mask;
    return pair;
}

int image_twins_take(struct image_twins *twins,
                     int (*visit)(void *context, const struct image_pair *pair,
                                  struct error *error),
                     void *context, struct error *error)
{
    int status = 0;
    size_t end;
    if (twins->count)
        qsort(twins->items, twins->count, sizeof *twins->items, by_mask);
    for (size_t first = 0; status == 0 && first < twins->count; first = end) {
        end = first + 1;
        while (end < twins->count && twins->items[end].other == twins->items[first].other)
            end++;
        const struct image_pair pair = count_pair(twins->items + first, end - first);
        status = visit(context, &pair, error);
    }
    twins->count = 0;
    return status;
}
