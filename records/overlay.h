/* overlay.h - the masks in distinct colours, with contours, over their image. */
#ifndef RECORDS_OVERLAY_H
#define RECORDS_OVERLAY_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct image;
struct mask_list;

/* Writes `image` with the masks (all of its size) painted over to rgb[height][width][3], which must
 * not overlap it: half colour and half photograph inside a mask, the full colour along its border.
 * Larger masks come first, so that smaller ones stay visible. A mask's colour depends on its place
 * in the list only. Returns 0 or -1 (ERROR_MEMORY). */
int overlay_paint(const struct image *image, const struct mask_list *masks, uint8_t *rgb,
                  struct error *error);

/* overlay_paint, encoded as a JPEG of quality 90. *bytes is owned by the caller and freed by
 * memory_free. Returns 0 or -1 (ERROR_IMAGE, ERROR_MEMORY). */
int overlay_jpeg(const struct image *image, const struct mask_list *masks, uint8_t **bytes,
                 size_t *size, struct error *error);

#endif
