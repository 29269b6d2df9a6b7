/* regions.h - fills small holes and removes small islands, on run lengths.
 *
 * Regions are 8-connected: holes are background, islands foreground. A small background region at
 * the image's border also counts as a hole.
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

/* Working memory, reused from mask to mask. Starts zeroed. */
struct regions {
    struct region_strip *strips; /* owned */
    size_t count, capacity;
    uint32_t *ranges; /* owned */
    size_t range_capacity;
};

void regions_free(struct regions *regions);

/* Fills background regions of fewer than `min_area` pixels. *changed: whether there was one.
 * Returns 0 or -1 (ERROR_MEMORY). */
int regions_fill_holes(struct regions *regions, struct rle *rle, uint64_t min_area, bool *changed,
                       struct error *error);

/* Removes foreground regions of fewer than `min_area` pixels. If all are smaller, the largest stays
 * (of equal ones the first in OpenCV's order of labels). *changed: whether any was smaller.
 * *largest (may be NULL): the area of the largest region, 0 for an empty mask. Returns 0 or -1
 * (ERROR_MEMORY). */
int regions_drop_islands(struct regions *regions, struct rle *rle, uint64_t min_area, bool *changed,
                         uint64_t *largest, struct error *error);

/* The reference's clean-up of an image's masks: holes, islands, then box NMS at `nms_threshold`, in
 * which unchanged masks win over changed ones. Updates boxes and areas. 0 or -1 (ERROR_MEMORY). */
int regions_clean(struct mask_list *list, uint64_t min_area, double nms_threshold,
                  struct error *error);

/* The SA-1B paper's clean-up (appendix B): removes islands below `min_area` pixels, drops masks
 * that consist of such islands only, fills holes below `min_area`. The order stays; no NMS. 0 or -1
 * (ERROR_MEMORY). */
int regions_clean_sa1b(struct mask_list *list, uint64_t min_area, struct error *error);

#endif
