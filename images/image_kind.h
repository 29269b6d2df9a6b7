/* image_kind.h - names what a file is that is not read as an image; internal to image*.c. */
#ifndef IMAGES_IMAGE_KIND_H
#define IMAGES_IMAGE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the start that tell all kinds apart. */
enum { IMAGE_KIND_BYTES = 1024 };

/* What a file is and what to do about it, as in "a BMP image, which is not read; convert it to PNG
 * or TIFF", told by its first `size` bytes. For files of none of the formats that are read; NULL if
 * the kind is unknown. */
const char *image_kind(const uint8_t *start, size_t size);

/* Whether the file is one of the ISO media format ("ftyp") that holds a film, sound or a camera's
 * raw data, not an image. */
bool image_kind_is_film(const uint8_t *start, size_t size);

#endif
