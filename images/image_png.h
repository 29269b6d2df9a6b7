/* image_png.h - the EXIF block of a PNG, where libvips does not look, and what its chunks are made of;
 * internal to image*.c. */
#ifndef IMAGES_IMAGE_PNG_H
#define IMAGES_IMAGE_PNG_H

#include <stddef.h>
#include <stdint.h>

#include <vips/vips.h>

/* A number of four bytes, the high one first. */
uint32_t image_png_number(const uint8_t *bytes);

/* The CRC-32 of a chunk's kind and data. */
uint32_t image_png_crc(const uint8_t *bytes, size_t size);

/* The EXIF orientation (2..8) of a PNG whose first EXIF block follows the pixels; 0: there is no
 * such block, or it says nothing. Blocks before the pixels are left to libvips. Moves the reading
 * position. */
int image_png_late_orientation(VipsSource *file);

#endif
