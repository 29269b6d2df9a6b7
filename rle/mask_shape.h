/* mask_shape.h - centroid and convex hull of a mask, from its run lengths. */
#ifndef RLE_MASK_SHAPE_H
#define RLE_MASK_SHAPE_H

struct error;
struct rle;

/* Mean of the pixel coordinates: xy[0] in 0 .. width - 1, xy[1] in 0 .. height - 1. Zeros for an
 * empty mask. */
void mask_shape_centroid(const struct rle *rle, double xy[2]);

/* Area of the convex hull of the pixels, each a unit square; at least the mask's area. Returns 0 or
 * -1 (ERROR_MEMORY). */
int mask_shape_hull_area(const struct rle *rle, double *area, struct error *error);

#endif
