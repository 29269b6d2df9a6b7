/* refilter.h - the filters of `generate` that need no model, on the masks of a finished image.
 *
 *   predicted IoU, stability, max_area_fraction -> box NMS within each crop -> finish.h
 *
 * The masks that a generator finds with box_nms_thresh 1, crop_nms_thresh 1 and all other filters
 * off, put through these filters, are those that it finds with them, in the same order.
 */
#ifndef PIPELINE_REFILTER_H
#define PIPELINE_REFILTER_H

#include <stdbool.h>

#include "base/geometry.h"

struct error;
struct generator_options;
struct mask_list;

struct refilter {
    /* Of these, all that filters. A filter is off where it lets all pass: thresholds of scores and
     * max_area_fraction at 0, the rest as in postprocess.h. The NMS of boxes has no such value, since it
     * sorts the masks. */
    const struct generator_options *options; /* borrowed */
    bool box_nms;                            /* box NMS within each crop_box, at box_nms_thresh */
    bool one_crop; /* box NMS among all masks, whatever their crop_box: it names a tile */
    bool crop_nms; /* NMS across crops, at crop_nms_thresh */
};

/* Filters the masks of an image of this size, with their scores and crops, in the order of a record.
 * Crops of the same box count as one. Returns 0 or -1 (ERROR_MEMORY). */
int refilter(struct mask_list *masks, const struct refilter *how, struct size image,
             struct error *error);

#endif
