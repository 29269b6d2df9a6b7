/* image_fail.h - why an image is refused, told apart: of another kind, not supported, truncated,
 * damaged; internal to image*.c. All return -1 with ERROR_IMAGE. */
#ifndef IMAGES_IMAGE_FAIL_H
#define IMAGES_IMAGE_FAIL_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct image_source;

/* The file, which begins with `size` bytes `start`, is of no format that is read. */
int image_fail_kind(const struct image_source *source, const uint8_t *start, size_t size,
                    struct error *error);

/* libvips cannot open the file. */
int image_fail_header(const struct image_source *source, struct error *error);

/* Stored rows first .. last cannot be decoded. */
int image_fail_rows(const struct image_source *source, int32_t first, int32_t last,
                    struct error *error);

/* Its colours are stored as `colours`, which are not read. */
int image_fail_colours(const struct image_source *source, const char *colours, struct error *error);

#endif
