/* overlay.h - the masks in distinct colours, with contours, over their image. */
#ifndef PIPELINE_OVERLAY_H
#define PIPELINE_OVERLAY_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct image;
struct mask_list;

/* Paints every mask of `masks` (all of the image's size) over `image`, in place, larger ones first
 * so that smaller ones stay visible: half colour, half photograph inside, the full colour along the
 * mask's border. Colours depend on the place in the list only. Returns 0 or -1 (ERROR_MEMORY). */
int overlay_paint(struct image *image, const struct mask_list *masks, struct error *error);

/* overlay_paint on a copy, encoded as a JPEG of quality 90. *bytes is owned by the caller and freed
 * by memory_free. Returns 0 or -1 (ERROR_IMAGE, ERROR_MEMORY). */
int overlay_jpeg(const struct image *image, const struct mask_list *masks, uint8_t **bytes,
                 size_t *size, struct error *error);

#endif
