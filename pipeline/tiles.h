/* tiles.h - images too large for one look: overlapping tiles, read row by row, their masks joined
 * over the borders. Memory is bounded by a row of tiles. */
#ifndef PIPELINE_TILES_H
#define PIPELINE_TILES_H

#include <stdint.h>

struct error;
struct generator;
struct image_limits;
struct image_worker;
struct mask_list;

/* Finds the masks of the image at `path`, which `decoder` decodes, in tiles of `tile` x `tile`
 * pixels, of which neighbours share `halo` pixels (less than `tile`); those at the right and bottom
 * edge are moved inwards to the full size. Each tile is searched with the whole grid. Masks of
 * different tiles that agree where both look become one (merge.h); box NMS at box_nms_thresh
 * follows. An image that fits into one tile
 * gives the same masks as `generate`. `masks` must be empty; *width and *height are the image's.
 * Returns 0, or -1 as image_worker_strips, or ERROR_MEMORY. */
int tiles_generate(struct generator *generator, struct image_worker *decoder, const char *path,
                   const struct image_limits *limits, int32_t tile, int32_t halo,
                   struct mask_list *masks, int32_t *width, int32_t *height, struct error *error);

#endif
