/* regions.h - small holes filled and small islands removed, on runs.
 *
 * Regions are 8-connected, of the background (holes) or of the foreground (islands); a background
 * region at the image's border counts as a hole, too, if it is small.
 * Source: remove_small_regions and postprocess_small_regions of the reference (segment_anything).
 */
#ifndef FILTERS_REGIONS_H
#define FILTERS_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct mask_list;
struct rle;

/* Working memory, reused from mask to mask. Start zeroed: `struct regions regions = {0}`. */
struct regions {
    struct region_run *runs; /* owned */
    size_t count, capacity;
    uint32_t *ranges; /* owned */
    size_t range_capacity;
};

void regions_free(struct regions *regions);

/* Fills background regions of fewer than `min_area` pixels. *changed says whether there was one.
 * Returns 0 or -1 (ERROR_MEMORY). */
int regions_fill_holes(struct regions *regions, struct rle *rle, uint64_t min_area, bool *changed,
                       struct error *error);

/* Removes foreground regions of fewer than `min_area` pixels; where all are smaller the largest
 * stays (of equal ones the first in OpenCV's order of labels). *changed says whether any was
 * smaller; *largest (may be NULL) is the area of the largest region, 0 for an empty mask.
 * Returns 0 or -1 (ERROR_MEMORY). */
int regions_drop_islands(struct regions *regions, struct rle *rle, uint64_t min_area, bool *changed,
                         uint64_t *largest, struct error *error);

/* The reference's clean-up of an image's masks: holes, islands, then box NMS at `nms_threshold`
 * where unchanged masks win over changed ones. Boxes and areas of changed masks follow. 0 or -1
 * (ERROR_MEMORY). */
int regions_clean(struct mask_list *list, uint64_t min_area, double nms_threshold,
                  struct error *error);

/* The SA-1B paper's clean-up (appendix B): islands under `min_area` pixels removed, a mask without
 * a larger one dropped, holes under `min_area` filled. Order kept, no NMS. 0 or -1 (ERROR_MEMORY).
 */
int regions_clean_sa1b(struct mask_list *list, uint64_t min_area, struct error *error);

#endif
