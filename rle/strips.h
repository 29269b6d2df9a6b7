/* strips.h - a mask as vertical strips, one column after another. */
#ifndef RLE_STRIPS_H
#define RLE_STRIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rle;

/* Pixels (x, y) .. (x, y + length - 1), of maximal length. */
struct rle_strip {
    uint32_t x, y, length;
};

/* A walk from left to right and top to bottom. Start with {.rle = mask}, or with {.rle = mask,
 * .background = true} for the strips outside the mask. */
struct rle_strips {
    const struct rle *rle;
    bool background;
    size_t run;    /* index of the next count */
    uint32_t at;   /* column-major index of the rest of the current run */
    uint32_t left; /* pixels in that rest */
};

/* The next strip, or false at the end. */
bool rle_strips_next(struct rle_strips *strips, struct rle_strip *strip);

#endif
