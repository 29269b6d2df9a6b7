/* combine.h - new masks from others: set operations, and moving into another frame. */
#ifndef RLE_COMBINE_H
#define RLE_COMBINE_H

#include <stdint.h>

#include "base/geometry.h"

struct error;
struct rle;

enum rle_operation {
    RLE_UNION,        /* in a or b */
    RLE_INTERSECTION, /* in a and b */
    RLE_DIFFERENCE    /* in a but not in b */
};

/* Combines two masks of equal size into `to`, which is neither of them. 0 or -1 (ERROR_MEMORY). */
int rle_combine(struct rle *to, const struct rle *a, const struct rle *b,
                enum rle_operation operation, struct error *error);

/* Moves the mask by (x, y) into a frame of height x width; what falls outside is cut off. Crops
 * with negative x and y. `to` is not `from`. Returns 0 or -1 (ERROR_MEMORY). */
int rle_place(struct rle *to, const struct rle *from, int32_t x, int32_t y, uint32_t height,
              uint32_t width, struct error *error);

/* The mask without what lies within `window`, which may reach beyond it. `to` is not `from`.
 * Returns 0 or -1 (ERROR_MEMORY). */
int rle_without(struct rle *to, const struct rle *from, struct rect window, struct error *error);

/* Number of foreground pixels within `window`, which may reach beyond the mask. */
uint64_t rle_area_within(const struct rle *rle, struct rect window);

#endif
