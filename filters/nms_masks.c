/* nms_masks.c - NMS that compares the masks themselves, not only their boxes. */
#include <stdbool.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "filters/nms.h"

bool nms_masks_similar(const struct mask *one, const struct mask *other, double threshold)
{
    double small = (double)(one->area < other->area ? one->area : other->area);
    double large = (double)(one->area < other->area ? other->area : one->area);
    if (large == 0 || small <= threshold * large)
        return false;
    double both = (double)rle_intersection(&one->rle, &other->rle);
    return both > threshold * (small + large - both);
}

bool nms_mask_within(const struct mask *one, const struct mask *other, double threshold)
{
    uint64_t small = one->area < other->area ? one->area : other->area;
    return small > 0 &&
           (double)rle_intersection(&one->rle, &other->rle) > threshold * (double)small;
}

/* Keeps each mask, best first by predicted IoU, that is not similar to one already kept. */
static int suppress(struct mask_list *list,
                    bool (*similar)(const struct mask *better, const struct mask *worse,
                                    double threshold),
                    double threshold, struct error *error)
{
    size_t *order = memory_new(list->count, sizeof *order, "ranking of masks", error);
    int status = order ? nms_rank_masks(list, order, error) : -1;
    if (status == 0) {
        size_t kept = 0;
        for (size_t i = 0; i < list->count; i++) {
            const struct mask *mask = &list->items[order[i]];
            bool alone = true;
            for (size_t j = 0; alone && j < kept; j++) {
                const struct mask *better = &list->items[order[j]];
                alone = !box_meets(better->box, mask->box) || !similar(better, mask, threshold);
            }
            if (alone)
                order[kept++] = order[i];
        }
        status = mask_list_select(list, order, kept, error);
    }
    memory_free(order);
    return status;
}

int nms_masks(struct mask_list *list, double threshold, struct error *error)
{
    return suppress(list, nms_masks_similar, threshold, error);
}

int nms_contained(struct mask_list *list, double threshold, struct error *error)
{
    return suppress(list, nms_mask_within, threshold, error);
}
