/* centre.h - the pixel of a mask that is farthest from its border. */
#ifndef FILTERS_CENTRE_H
#define FILTERS_CENTRE_H

#include <stdint.h>

struct error;
struct rle;

/* Finds the pixel of the mask with the largest distance to the nearest pixel outside the mask; of
 * several, the first in row-major order. Distances are Euclidean, between pixel centres, exact.
 * Pixels beyond the image are outside the mask. *squared (may be NULL) is the squared distance, at
 * least 1. Width and height must be below 2^30.
 * Returns 0, or -1 with ERROR_USAGE (the mask is empty) or ERROR_MEMORY. */
int mask_centre(const struct rle *rle, int32_t *x, int32_t *y, int64_t *squared,
                struct error *error);

#endif
