/* tiles.h - images too large for one look: overlapping tiles, read row by row, their masks joined
 * over the borders. Memory is bounded by a row of tiles. */
#ifndef PIPELINE_TILES_H
#define PIPELINE_TILES_H

struct error;
struct generate_known;
struct generator;
struct image_header;
struct image_options;
struct image_worker;
struct mask_list;

/* Where the rows of an image come from; all borrowed. */
struct tiles_source {
    struct image_worker *decoder;
    const char *path;
    const struct image_options *options;
};

/* Finds the masks of an image in tiles of tile x tile pixels, of which neighbours share `halo`
 * pixels; both are the generator's options. Tiles at the right and bottom edge are moved inwards to
 * the full size. Each tile is searched with the whole grid. Masks of different tiles that agree
 * where both look become one (merge.h); box NMS at box_nms_thresh follows. An image that fits into
 * one tile gives the same masks as `generate`. With `known` not NULL, beside what is known of the image,
 * as generate_beside; boxes, which need the whole image at once, are refused (ERROR_IMAGE). `masks` must be
 * empty; *header has the image's size.
 * Returns 0, or -1 as image_worker_strips, or ERROR_MEMORY. */
int tiles_generate(struct generator *generator, const struct tiles_source *source,
                   const struct generate_known *known, struct mask_list *masks,
                   struct image_header *header, struct error *error);

#endif
