/* image_tiff.h - TIFF tags that decide the colours and that libvips does not report; internal to
 * image*.c. */
#ifndef IMAGES_IMAGE_TIFF_H
#define IMAGES_IMAGE_TIFF_H

#include <vips/vips.h>

/* Values of the tags used here (TIFF 6.0). */
enum { TIFF_COMPRESSION_JPEG = 7, TIFF_PHOTOMETRIC_YCBCR = 6 };
enum { TIFF_EXTRA_UNSPECIFIED = 0, TIFF_EXTRA_ASSOCIATED = 1, TIFF_EXTRA_UNASSOCIATED = 2 };

struct image_tiff {
    unsigned compression;  /* tag 259; 1 where absent */
    unsigned photometric;  /* tag 262; 1 where absent */
    unsigned extra_sample; /* first value of tag 338; 0 where absent */
};

/* Reads the tags of the first image of a TIFF or BigTIFF, and moves the reading position. Tags that
 * cannot be read count as absent; libvips checks the file itself. */
struct image_tiff image_tiff_read(VipsSource *bytes);

#endif
