/* combine.h - set operations on masks, and moving a mask to another frame. */
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

/* What `frame` shows of the mask, as a mask of the frame's size. The frame is in the coordinates of
 * `from`. It crops if it lies inside, and moves the mask if it reaches beyond: pixels outside
 * `from` are background. `to` is not `from`. Returns 0 or -1 (ERROR_MEMORY). */
int rle_place(struct rle *to, const struct rle *from, struct rect frame, struct error *error);

/* Copies the mask without the pixels in `window`, which may reach beyond the mask. `to` is not
 * `from`. Returns 0 or -1 (ERROR_MEMORY). */
int rle_without(struct rle *to, const struct rle *from, struct rect window, struct error *error);

/* Number of foreground pixels within `window`, which may reach beyond the mask. */
uint64_t rle_area_within(const struct rle *rle, struct rect window);

#endif
