/* image_tiff.h - the few tags of a TIFF that decide its colours and that libvips does not tell;
 * internal to image*.c. */
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

/* Reads the tags of the first image of a TIFF or BigTIFF and moves the reading position. What
 * cannot be read counts as absent; whether the file is sound is libvips' business. */
struct image_tiff image_tiff_read(VipsSource *bytes);

#endif
