/* strips.h - a mask as vertical strips, column by column. */
#ifndef RLE_STRIPS_H
#define RLE_STRIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rle;

/* Pixels (x, y) .. (x, y + length - 1), as long as they can be. */
struct rle_strip {
    uint32_t x, y, length;
};

/* A walk from left to right and top to bottom. Begin with {.rle = mask}, or with {.rle = mask,
 * .background = true} for the strips that are not in the mask; all else zero. */
struct rle_strips {
    const struct rle *rle;
    bool background;
    size_t run;    /* the next run of the counts */
    uint32_t at;   /* column-major index where the rest of the current run begins */
    uint32_t left; /* its pixels that were not given yet */
};

/* The next strip, or false at the end. */
bool rle_strips_next(struct rle_strips *strips, struct rle_strip *strip);

#endif
