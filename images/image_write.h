/* image_write.h - planes of numbers to PNG and TIFF, for masks and label maps; pictures to PNG and WebP. */
#ifndef IMAGES_IMAGE_WRITE_H
#define IMAGES_IMAGE_WRITE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct image;

enum image_plane_kind {
    IMAGE_PLANE_8,  /* uint8_t, encoded as PNG */
    IMAGE_PLANE_16, /* uint16_t, encoded as PNG */
    IMAGE_PLANE_32  /* uint32_t, encoded as TIFF with deflate */
};

/* A plane of unsigned numbers; borrowed. */
struct image_plane {
    const void *pixels; /* [height][width] */
    uint32_t width, height;
    enum image_plane_kind kind;
};

/* Encodes a plane losslessly and without metadata: equal planes give equal bytes.
 * image_library_start (image.h) must have been called; any thread may call. *bytes is owned by the
 * caller and freed by memory_free. Returns 0, or -1 with ERROR_MEMORY or ERROR_IMAGE (libvips
 * cannot write that: a PNG with a side over 1,000,000 pixels, say). */
int image_write_plane(const struct image_plane *plane, uint8_t **bytes, size_t *size,
                      struct error *error);

/* Encodes RGB pixels as PNG, with the same promises. */
int image_write_png(const struct image *image, uint8_t **bytes, size_t *size, struct error *error);

/* Encodes RGB pixels as WebP of the given quality (1..100), without metadata. At most 16,383 pixels a side. As above. */
int image_write_webp(const struct image *image, int quality, uint8_t **bytes, size_t *size,
                     struct error *error);

#endif
