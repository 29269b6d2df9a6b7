/* crop.h - the crops that are searched besides the whole image, and masks cut by their borders.
 *
 * Source: generate_crop_boxes and is_box_near_crop_edge of the reference (segment_anything,
 * utils/amg.py).
 */
#ifndef FILTERS_CROP_H
#define FILTERS_CROP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/geometry.h"

struct error;

struct crop {
    struct rect rect; /* image pixels, never empty, inside the image */
    int layer;        /* 0: the whole image; k: one of 2^k x 2^k overlapping crops */
};

enum {
    CROP_LAYERS_MAX = 8,     /* 4^8 crops in the last layer: more than anyone needs */
    CROP_EDGE_TOLERANCE = 20 /* pixels; the reference's atol */
};

/* Lists the whole image, then the crops of layers 1..layers, x in the outer loop, clipped to the
 * image. overlap_ratio (512 / 1500 in the reference) is the overlap of two crops of layer 1 as a
 * fraction of the image's shorter side; it halves with each layer. Crops wholly outside the image,
 * as happens with images of a few pixels, are dropped. *crops is the caller's, freed by free(3).
 * Returns 0, or -1 with ERROR_USAGE for layers outside 0..CROP_LAYERS_MAX or a
 * ratio outside 0..1, or ERROR_MEMORY. */
int crop_list(struct crop **crops, size_t *count, struct size image, int layers,
              double overlap_ratio, struct error *error);

/* True if a side of `box` (in the crop's frame) lies within CROP_EDGE_TOLERANCE pixels of the same
 * side of the crop but not of the image: the crop has probably cut the object. As in the reference,
 * the far sides of the crop are x + width and y + height, although the box is inclusive. */
bool crop_cuts_box(struct rect crop, struct box box, struct size image);

#endif
