/* image_png.h - the EXIF block of a PNG, where libvips does not look; internal to image*.c. */
#ifndef IMAGES_IMAGE_PNG_H
#define IMAGES_IMAGE_PNG_H

#include <vips/vips.h>

/* The EXIF orientation (2..8) of a PNG whose first EXIF block follows the pixels; 0: there is no
 * such block, or it says nothing. Blocks before the pixels are left to libvips. Moves the reading
 * position. */
int image_png_late_orientation(VipsSource *file);

#endif
