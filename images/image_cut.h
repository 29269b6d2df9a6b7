/* image_cut.h - why a file could not be decoded, found by going through its parts; internal to
 * image*.c. */
#ifndef IMAGES_IMAGE_CUT_H
#define IMAGES_IMAGE_CUT_H

#include <stdbool.h>

#include <vips/vips.h>

/* Each says whether the file ends before a part that it announces. For damaged files: any answer.
 * The reading position moves. */
bool image_jpeg_is_cut(VipsSource *file);
bool image_png_is_cut(VipsSource *file);
bool image_gif_is_cut(VipsSource *file);
bool image_riff_is_cut(VipsSource *file);      /* WebP */
bool image_iso_media_is_cut(VipsSource *file); /* HEIC and AVIF */

/* What a JPEG or PNG has that libjpeg or libpng does not read, as in "12 bits a sample"; NULL if
 * there is no such thing. Move the reading position. */
const char *image_jpeg_unsupported(VipsSource *file);
const char *image_png_unsupported(VipsSource *file);

#endif
