/* centre.h - the pixel in the middle of a mask: the one farthest from its border. */
#ifndef FILTERS_CENTRE_H
#define FILTERS_CENTRE_H

#include <stdint.h>

struct error;
struct rle;

/* Finds the pixel of the mask whose distance to the nearest pixel that is not in the mask
 * (Euclid's, between pixel centres, exact) is largest; of several, the first in row-major order.
 * All beyond the image counts as not in the mask. The pixel found always lies in the mask. *squared
 * (may be NULL) is the square of that distance, at least 1. Width and height must be below 2^30.
 * Returns 0, or -1 with ERROR_USAGE (the mask is empty) or ERROR_MEMORY. */
int mask_centre(const struct rle *rle, int32_t *x, int32_t *y, int64_t *squared,
                struct error *error);

#endif
