/* clean.c - region clean-up (regions.h) of all masks of an image. */
#include "base/memory.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "filters/regions.h"

static void measure(struct mask *mask)
{
    mask->box = rle_box(&mask->rle);
    mask->area = rle_area(&mask->rle);
}

/* Fills holes, then removes islands. *changed: whether there was either. */
static int clean_mask(struct regions *regions, struct mask *mask, uint64_t min_area, bool *changed,
                      struct error *error)
{
    bool holes, islands;
    if (regions_fill_holes(regions, &mask->rle, min_area, &holes, error) ||
        regions_drop_islands(regions, &mask->rle, min_area, &islands, NULL, error))
        return -1;
    *changed = holes || islands;
    if (*changed)
        measure(mask);
    return 0;
}

int regions_clean(struct mask_list *list, uint64_t min_area, double nms_threshold,
                  struct error *error)
{
    struct regions regions = {0};
    float *scores = memory_new(list->count, sizeof *scores, "scores of masks", error);
    int status = scores ? 0 : -1;
    for (size_t i = 0; status == 0 && i < list->count; i++) {
        bool changed = false;
        status = clean_mask(&regions, &list->items[i], min_area, &changed, error);
        scores[i] = changed ? 0 : 1;
    }
    if (status == 0)
        status = nms_list(list, scores, nms_threshold, error);
    memory_free(scores);
    regions_free(&regions);
    return status;
}

int regions_clean_sa1b(struct mask_list *list, uint64_t min_area, struct error *error)
{
    struct regions regions = {0};
    size_t *keep = memory_new(list->count, sizeof *keep, "kept masks", error);
    int status = keep ? 0 : -1;
    size_t kept = 0;
    for (size_t i = 0; status == 0 && i < list->count; i++) {
        struct mask *mask = &list->items[i];
        bool islands, holes;
        uint64_t largest = 0;
        status = regions_drop_islands(&regions, &mask->rle, min_area, &islands, &largest, error);
        if (status || largest < min_area || largest == 0)
            continue;
        status = regions_fill_holes(&regions, &mask->rle, min_area, &holes, error);
        measure(mask);
        keep[kept++] = i;
    }
    if (status == 0)
        status = mask_list_select(list, keep, kept, error);
    memory_free(keep);
    regions_free(&regions);
    return status;
}
