/* mask_strips.h - a mask's foreground as vertical strips, column by column. */
#ifndef PIPELINE_MASK_STRIPS_H
#define PIPELINE_MASK_STRIPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rle;

/* Foreground of one column: pixels (x, y) .. (x, y + length - 1). */
struct mask_strip {
    uint32_t x, y, length;
};

/* A walk from left to right and top to bottom; begin with {.rle = mask}, all else zero. */
struct mask_strips {
    const struct rle *rle;
    size_t run;     /* the next background run */
    uint64_t at;    /* column-major index where the rest of this foreground run begins */
    uint64_t left;  /* its pixels that were not given yet */
    uint64_t total; /* pixels in all runs before `run` */
};

/* The next strip, or false at the end. */
bool mask_strips_next(struct mask_strips *strips, struct mask_strip *strip);

#endif
