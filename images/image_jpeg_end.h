/* image_jpeg_end.h - JPEGs whose end marker alone is missing; internal to image*.c. */
#ifndef IMAGES_IMAGE_JPEG_END_H
#define IMAGES_IMAGE_JPEG_END_H

#include <stdbool.h>
#include <stdint.h>

#include <vips/vips.h>

struct image_jpeg_end {
    uint64_t
        position;  /* where the marker belongs: before zeros that fill up the file, or its end */
    bool buffered; /* the decoder reads all scans before it gives the first row */
};

/* Whether the JPEG ends without an end marker but every coefficient has had its scan, and the data
 * of a single scan are complete. Where there are several (end->buffered), the data of the last are
 * not checked: with the marker in place, the decoder warns of what they lack before it gives a row.
 * Moves the reading position. */
bool image_jpeg_lacks_end(VipsSource *file, struct image_jpeg_end *end);

#endif
