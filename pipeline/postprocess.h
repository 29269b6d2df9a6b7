/* postprocess.h - what happens to an image's masks after NMS: regions cleaned up, unwanted masks
 * dropped, overlaps resolved. Everything is off by default, as in the reference. */
#ifndef PIPELINE_POSTPROCESS_H
#define PIPELINE_POSTPROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct generation;
struct mask;
struct mask_list;

/* Whether a mask covers so much of an image of `image_area` pixels that max_area_fraction drops it.
 * The SA-1B recipe has this rule beside the thresholds, before NMS, so that such a mask suppresses
 * no other; `refine` applies it once more, because masks grow by filled holes and merged tiles. */
bool refine_covers_image(const struct mask *mask, const struct generation *options,
                         double image_area);

/* Applies the options in this order: min_mask_region_area; min_area, max_area, max_area_fraction;
 * mask_nms_thresh; containment_thresh; max_masks (those with the highest predicted IoU);
 * non_overlapping. Masks are of the image's size. Returns 0 or -1 (ERROR_MEMORY). */
int refine(struct mask_list *masks, const struct generation *options, int32_t width, int32_t height,
           struct error *error);

#endif
