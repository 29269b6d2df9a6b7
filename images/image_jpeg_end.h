/* image_jpeg_end.h - JPEGs whose end marker alone is missing; internal to image*.c. */
#ifndef IMAGES_IMAGE_JPEG_END_H
#define IMAGES_IMAGE_JPEG_END_H

#include <stdbool.h>
#include <stdint.h>

#include <vips/vips.h>

/* Whether the JPEG ends without an end marker but every coefficient has had its scan. Then
 * *position is where the marker belongs: before zeros that fill up the file, or at its end. The
 * scans' own data is not checked: with the marker in place, the decoder sees what they lack. Moves
 * the reading position. */
bool image_jpeg_lacks_end(VipsSource *file, uint64_t *position);

#endif
