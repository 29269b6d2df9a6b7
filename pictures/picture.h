/* picture.h - a photograph with its masks, as pixels. */
#ifndef PICTURES_PICTURE_H
#define PICTURES_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"
#include "pictures/scene.h"
#include "pictures/style.h"

struct error;
struct image;
struct record;

enum { PICTURE_JPEG_SIDE = 65500, PICTURE_JPEG_QUALITY = 90 }; /* pixels: libjpeg's limit */

struct picture_options {
    struct picture_style style;
    int32_t size;      /* longest side of the whole, pixels; 0: the image's own size */
    bool side_by_side; /* the photograph alone on the left, with its masks on the right */
};

/* Where things lie in a picture of an image of this size: the whole, and the masked photograph. Side by
 * side, the photograph alone has the same place at x = 0. */
struct picture_layout {
    struct size whole;
    struct rect masked;
};

/* The layout. At most `most` pixels a side (0: any), whatever the options say. */
struct picture_layout picture_layout(const struct picture_options *options, struct size image,
                                     int32_t most);

/* Where the record's image lies if it is drawn into `place`. */
struct scene_frame picture_frame(const struct rect *place, const struct record *record);

/* Paints the photograph, or gray where it is NULL, with the record's masks into `place` of `canvas`.
 * Returns 0 or -1 (ERROR_MEMORY, ERROR_IMAGE). */
int picture_paint(struct image *canvas, struct rect place, const struct image *photograph,
                  const struct record *record, const struct picture_style *style,
                  struct error *error);

/* Makes the whole picture in `canvas`, which begins zeroed and is freed by the caller. The record has
 * the photograph's size. At most `most` pixels a side; 0: any. Returns as picture_paint. */
int picture_make(struct image *canvas, const struct image *photograph, const struct record *record,
                 const struct picture_options *options, int32_t most, struct error *error);

/* The picture of `run --overlay`: the image's size or PICTURE_JPEG_SIDE if that is less, encoded as a
 * JPEG of quality PICTURE_JPEG_QUALITY. *bytes is owned by the caller and freed by memory_free. Returns
 * as picture_paint. */
int picture_overlay(const struct image *photograph, const struct record *record,
                    const struct picture_style *style, uint8_t **bytes, size_t *size,
                    struct error *error);

#endif
