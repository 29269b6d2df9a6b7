/* seam.h - tile joining, last step: joins two pieces of a mask, found in overlapping tiles, without
 * a visible step.
 *
 * The two pieces seldom have exactly the same outline in the overlap. A union would leave a step at
 * the end of the overlap, and so would a cut at a fixed place. So the seam lies where the pieces
 * agree best: in the column (or row) where the fewest pixels differ.
 */
#ifndef FILTERS_SEAM_H
#define FILTERS_SEAM_H

#include "base/geometry.h"
#include "rle/rle.h"

struct error;

/* A part of a mask, and the region that was searched. */
struct piece {
    struct rle rle;   /* owned; of the image's size */
    struct rect rect; /* contains all of rle; zeroed: no piece yet */
};

enum seam_axis {
    SEAM_X, /* one piece on the left, one on the right; they have rows in common */
    SEAM_Y  /* one above, one below */
};

/* Adds `next`, which does not begin before `piece` along the axis, to `piece`. A zeroed piece
 * becomes a copy. Returns 0 or -1 (ERROR_MEMORY). */
int seam_join(struct piece *piece, const struct piece *next, enum seam_axis axis,
              struct error *error);

#endif
