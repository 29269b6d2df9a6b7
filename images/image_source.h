/* image_source.h - a file that libvips decodes row by row to RGB; internal to image*.c. */
#ifndef IMAGES_IMAGE_SOURCE_H
#define IMAGES_IMAGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vips/vips.h>

#include "images/image.h"
#include "images/image_file.h"
#include "images/image_format.h"
#include "images/image_patch.h"
#include "images/image_planes.h"
#include "images/image_tiff.h"

/* How stored samples become red, green and blue. The formulas are those of the decoders in OpenCV.
 */
enum image_colour {
    IMAGE_GRAY,
    IMAGE_RGB,
    IMAGE_CMYK_JPEG, /* k - (c * k >> 8) with k = 255 - K (OpenCV) */
    IMAGE_CMYK_TIFF  /* k * (255 - c) / 255 with k = 255 - K (libtiff) */
};

/* Must not move in memory while it is open. */
struct image_source {
    const char *name; /* borrowed; for messages */
    bool from_file;   /* `file` is open */
    struct image_file file;
    const struct image_format *format; /* NULL until it is known */
    struct image_tiff tiff;            /* for a TIFF: its tags */
    VipsSource *bytes;                 /* the file or memory block, or `patched` on top of it */
    struct image_patched patched;
    int planes; /* colours in tiles, plane after plane; 0: `bytes` is read at once */
    struct image_plane_source plane[IMAGE_PLANES_MAX];
    VipsImage *pixels; /* as stored: not turned, any number of bands, 8 or 16 bits */
    bool doubtful; /* its decoder's warnings, before the first row, mean that data are lacking */
    VipsRegion *region; /* rows decoded last; for the decoding thread only */
    int orientation;    /* EXIF, 1..8 */
    enum image_colour colour;
    enum image_depth depth; /* of 16-bit samples */
    bool measured;          /* notes.least and .greatest are those of the whole image */
    struct image_notes notes;
    unsigned values_step; /* with IMAGE_VALUES: a sample of 8 bits is the number times this */
    bool rounded;         /* 16 bits become (v + 128) / 257 (libtiff, RGB) instead of v >> 8 */
    bool blend;           /* the fourth band is multiplied in: (v * a + 127) / 255 (libtiff) */
    bool has_paper;       /* pixels whose fourth band is 0 show `paper` (GIF) */
    uint8_t paper[3];     /* RGB */
    struct image_header header;
};

/* Takes over a descriptor of image_file_descriptor, and reads the header; `pieces`: as
 * image_file_open. options: as image_read; NULL: none. Returns 0, or -1 with everything closed.
 * After 0, the caller must call image_source_close. */
int image_source_open(struct image_source *source, int descriptor, const char *name, bool pieces,
                      const struct image_options *options, struct error *error);

/* As image_source_open, and opens the file. */
int image_source_open_path(struct image_source *source, const char *path, bool pieces,
                           const struct image_options *options, struct error *error);

/* As image_source_open for `size` bytes in memory, which must outlive the source. */
int image_source_open_memory(struct image_source *source, const void *bytes, size_t size,
                             const char *name, const struct image_options *options,
                             struct error *error);

/* Opens source->pixels at the first row, once the format is known. 0 or -1 (ERROR_IMAGE). */
int image_source_load(struct image_source *source, struct error *error);

void image_source_close(struct image_source *source);

/* Decodes stored rows y .. y + rows - 1 into rgb[rows][pixels->Xsize][3]. Reads
 * go from top to bottom: y must not decrease. Returns 0 or -1 (ERROR_IMAGE, ERROR_MEMORY). */
int image_source_rows(struct image_source *source, int32_t y, int32_t rows, uint8_t *rgb,
                      struct error *error);

/* Decodes everything into rgb[header.height][header.width][3], upright. 0 or -1 as above. */
int image_source_all(struct image_source *source, uint8_t *rgb, struct error *error);

#endif
