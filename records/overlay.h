/* overlay.h - masks painted over their image, in distinct colours and with contours. */
#ifndef RECORDS_OVERLAY_H
#define RECORDS_OVERLAY_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct image;
struct mask_list;

/* Paints the masks, all of the image's size, over `image` into rgb[height][width][3], which must
 * not overlap the image. A mask is half colour and half photograph, and full colour along its
 * border. Larger masks are painted first, so smaller ones stay visible. A mask's colour depends
 * only on its place in the list. Returns 0 or -1 (ERROR_MEMORY). */
int overlay_paint(const struct image *image, const struct mask_list *masks, uint8_t *rgb,
                  struct error *error);

enum { OVERLAY_SIDE_MOST = 65500 }; /* pixels; libjpeg's limit */

/* overlay_paint, encoded as a JPEG of quality 90. An image with a longer side than that is reduced
 * by the smallest whole factor that makes it fit. *bytes is owned by the caller and freed by
 * memory_free. Returns 0 or -1 (ERROR_IMAGE, ERROR_MEMORY). */
int overlay_jpeg(const struct image *image, const struct mask_list *masks, uint8_t **bytes,
                 size_t *size, struct error *error);

#endif
