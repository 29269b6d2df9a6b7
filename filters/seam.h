/* seam.h - two pieces of one mask, found in overlapping parts of an image, put together without a
 * visible border.
 *
 * In the overlap both pieces say where the object ends, and seldom the very same. A union would
 * end with a step where the overlap does; so would a cut at a fixed place. The pieces change over
 * where they agree best: in the column (or row) where the fewest pixels differ.
 */
#ifndef FILTERS_SEAM_H
#define FILTERS_SEAM_H

#include "base/geometry.h"
#include "rle/rle.h"

struct error;

/* A part of a mask, and where it was looked for. */
struct piece {
    struct rle rle;   /* owned; of the image's size */
    struct rect rect; /* nothing of rle lies outside; zeroed: no piece yet */
};

enum seam_axis {
    SEAM_X, /* one piece on the left, one on the right; they have rows in common */
    SEAM_Y  /* one above, one below */
};

/* Adds `next`, which begins not before `piece` along the axis, to `piece`; an empty piece becomes a
 * copy. Returns 0 or -1 (ERROR_MEMORY). */
int seam_join(struct piece *piece, const struct piece *next, enum seam_axis axis,
              struct error *error);

#endif
