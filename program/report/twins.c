#include "program/report/twins.h"

#include <stdbool.h>
#include <stdlib.h>

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

/* An intersection over union of `threshold` needs areas whose ratio is at least that. */
static bool may_match(const struct mask *a, const struct mask *b, double threshold)
{
    double small = (double)(a->area < b->area ? a->area : b->area);
    double large = (double)(a->area < b->area ? b->area : a->area);
    return box_meets(a->box, b->box) && small >= threshold * large;
}

/* All pairs, best first. */
static int list_pairs(struct twins *twins, const struct mask_list *a, const struct mask_list *b,
                      double threshold, struct error *error)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) {
            if (!may_match(&a->items[i], &b->items[j], threshold))
                continue;
            double iou = rle_iou(&a->items[i].rle, &b->items[j].rle);
            if (iou < threshold)
                continue;
            if (memory_grow((void **)&twins->items, &twins->capacity, twins->count + 1,
                            sizeof *twins->items, error))
                return -1;
            twins->items[twins->count++] = (struct twin){i, j, iou};
        }
    if (twins->count)
        qsort(twins->items, twins->count, sizeof *twins->items, best_first);
    return 0;
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
