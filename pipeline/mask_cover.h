/* mask_cover.h - how much of each cell of a model's square grid a mask covers. */
#ifndef PIPELINE_MASK_COVER_H
#define PIPELINE_MASK_COVER_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct prompt_frame;
struct rle;

/* The cells, over the model's square of prompts. */
struct mask_cover_grid {
    const struct prompt_frame *frame; /* of the region that the grid lies over */
    int prompt_size;                  /* side of the square (struct sam_info) */
    int side;                         /* cells along one side */
    int32_t x, y;                     /* where the region begins in the mask's image, pixels */
    bool mirrored;                    /* the region is a mirror image, left to right */
};

/* Writes cover[side][side]: the share of each cell that the mask covers, 0..1; 0 where the region does not reach.
 * All of the mask's pixels must lie in the region. Returns 0, or -1 with ERROR_MEMORY, or ERROR_USAGE: they do
 * not. */
int mask_cover(const struct mask_cover_grid *grid, const struct rle *mask, float *cover,
               struct error *error);

#endif
