#include "program/report/twins.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"

static int best_first(const void *left, const void *right)
{
    const struct twin *one = left, *other = right;
    if (one->iou != other->iou)
        return one->iou > other->iou ? -1 : 1;
    if (one->a != other->a)
        return one->a < other->a ? -1 : 1;
    return one->b < other->b ? -1 : one->b > other->b;
}

/* Bounds for two records: pairs, of 24 bytes, and steps, of a few ns, which are pairs that are looked at
 * and runs that are intersected. Ten thousand masks on either side that cover an image stay far below; only
 * records of many more masks that lie over each other do not. */
enum { PAIRS_MOST = 1 << 22 };
static const uint64_t STEPS_MOST = UINT64_C(2000000000);

/* A list by rising area. */
struct sized {
    uint64_t area;
    size_t index;
};

struct pairing {
    struct twins *twins;
    const struct mask_list *a, *b;
    const struct sized *by_area; /* [b->count] */
    double threshold;
    uint64_t steps;
};

static int smallest_first(const void *left, const void *right)
{
    const struct sized *one = left, *other = right;
    if (one->area != other->area)
        return one->area < other->area ? -1 : 1;
    return (one->index > other->index) - (one->index < other->index);
}

static struct sized *sort_by_area(const struct mask_list *list, struct error *error)
{
    struct sized *sorted = memory_new(list->count, sizeof *sorted, "twins", error);
    for (size_t i = 0; sorted && i < list->count; i++)
        sorted[i] = (struct sized){list->items[i].area, i};
    if (sorted)
        qsort(sorted, list->count, sizeof *sorted, smallest_first);
    return sorted;
}

/* The first mask of b with at least this area. */
static size_t first_with(const struct pairing *pairing, double area)
{
    size_t first = 0, end = pairing->b->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if ((double)pairing->by_area[middle].area < area)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

static int add_pair(struct pairing *pairing, size_t i, size_t j, struct error *error)
{
    struct twins *twins = pairing->twins;
    const struct rle *a = &pairing->a->items[i].rle, *b = &pairing->b->items[j].rle;
    pairing->steps += a->length + b->length;
    double iou = rle_iou(a, b);
    if (iou < pairing->threshold)
        return 0;
    if (memory_grow((void **)&twins->items, &twins->capacity, twins->count + 1,
                    sizeof *twins->items, error))
        return -1;
    twins->items[twins->count++] = (struct twin){i, j, iou};
    return 0;
}

/* The pairs of one mask of a. An intersection over union of `threshold` needs areas whose ratio is at
 * least that. */
static int pair_mask(struct pairing *pairing, size_t i, struct error *error)
{
    const struct mask *mask = &pairing->a->items[i];
    const double area = (double)mask->area, threshold = pairing->threshold;
    if (mask->area == 0)
        return 0;
    for (size_t k = first_with(pairing, threshold * area); k < pairing->b->count; k++) {
        const struct sized *other = &pairing->by_area[k];
        if (area < threshold * (double)other->area)
            break;
        pairing->steps++;
        if (box_meets(mask->box, pairing->b->items[other->index].box) &&
            add_pair(pairing, i, other->index, error))
            return -1;
        if (pairing->steps > STEPS_MOST || pairing->twins->count > PAIRS_MOST)
            return error_set(error, ERROR_RECORD,
                             "too many of its %zu and %zu masks lie over each other",
                             pairing->a->count, pairing->b->count);
    }
    return 0;
}

/* All pairs, best first. */
static int list_pairs(struct twins *twins, const struct mask_list *a, const struct mask_list *b,
                      double threshold, struct error *error)
{
    struct sized *by_area = sort_by_area(b, error);
    struct pairing pairing = {twins, a, b, by_area, threshold, 0};
    int result = by_area ? 0 : -1;
    for (size_t i = 0; result == 0 && i < a->count; i++)
        result = pair_mask(&pairing, i, error);
    if (result == 0 && twins->count)
        qsort(twins->items, twins->count, sizeof *twins->items, best_first);
    memory_free(by_area);
    return result;
}

int twins_find(struct twins *twins, const struct mask_list *a, const struct mask_list *b,
               double threshold, struct error *error)
{
    size_t kept = 0;
    bool *taken = memory_new(a->count + b->count, sizeof *taken, "twins", error);
    int result = taken ? list_pairs(twins, a, b, threshold, error) : -1;
    for (size_t i = 0; result == 0 && i < twins->count; i++) {
        struct twin twin = twins->items[i];
        if (taken[twin.a] || taken[a->count + twin.b])
            continue;
        taken[twin.a] = taken[a->count + twin.b] = true;
        twins->items[kept++] = twin;
    }
    twins->count = kept;
    memory_free(taken);
    return result;
}
