#include "filters/partition.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "rle/combine.h"

struct contender {
    uint64_t area; /* 0 if area does not count */
    float predicted_iou;
    size_t index;
};

static int winners_first(const void *left, const void *right)
{
    const struct contender *a = left, *b = right;
    if (a->area != b->area)
        return a->area < b->area ? -1 : 1;
    if (a->predicted_iou != b->predicted_iou)
        return a->predicted_iou > b->predicted_iou ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

/* Removes the taken pixels from the mask and adds the rest to `taken`. */
static int claim(struct mask *mask, struct rle *taken, struct rle *scratch, struct error *error)
{
    if (taken->length > 0) {
        if (rle_combine(scratch, &mask->rle, taken, RLE_DIFFERENCE, error) ||
            rle_copy(&mask->rle, scratch, error) ||
            rle_combine(scratch, taken, &mask->rle, RLE_UNION, error))
            return -1;
    } else if (rle_copy(scratch, &mask->rle, error)) {
        return -1;
    }
    struct rle swap = *taken;
    *taken = *scratch;
    *scratch = swap;
    mask->box = rle_box(&mask->rle);
    mask->area = rle_area(&mask->rle);
    return 0;
}

static int claim_all(struct mask_list *list, const struct contender *contenders,
                     struct error *error)
{
    struct rle taken = {0}, scratch = {0};
    int status = 0;
    for (size_t i = 0; status == 0 && i < list->count; i++)
        status = claim(&list->items[contenders[i].index], &taken, &scratch, error);
    rle_free(&taken);
    rle_free(&scratch);
    return status;
}

int partition_masks(struct mask_list *list, enum partition_winner winner, struct error *error)
{
    struct contender *contenders =
        memory_new(list->count, sizeof *contenders, "ranking of masks", error);
    size_t *keep = memory_new(list->count, sizeof *keep, "kept masks", error);
    int status = -1;
    if (contenders && keep) {
        for (size_t i = 0; i < list->count; i++) {
            const struct mask *mask = &list->items[i];
            uint64_t area = winner == PARTITION_SMALLER ? mask->area : 0;
            contenders[i] = (struct contender){area, mask->predicted_iou, i};
        }
        qsort(contenders, list->count, sizeof *contenders, winners_first);
        status = claim_all(list, contenders, error);
        size_t kept = 0;
        for (size_t i = 0; i < list->count; i++)
            if (list->items[i].area > 0)
                keep[kept++] = i;
        if (status == 0)
            status = mask_list_select(list, keep, kept, error);
    }
    memory_free(keep);
    memory_free(contenders);
    return status;
}
