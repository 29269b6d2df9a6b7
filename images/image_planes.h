/* image_planes.h - TIFFs whose colours lie in tiles, plane after plane, which libvips does not read
 * at once; internal to image*.c. */
#ifndef IMAGES_IMAGE_PLANES_H
#define IMAGES_IMAGE_PLANES_H

#include <vips/vips.h>

#include "images/image_patch.h"

struct error;
struct image_source;
struct image_tiff;

enum { IMAGE_PLANES_MAX = 4 }; /* red, green, blue, alpha; or CMYK */

/* One plane as a file of its own: a gray TIFF. */
struct image_plane_source {
    VipsSource *bytes; /* the file with patches; NULL until it is opened */
    struct image_patched patched;
};

/* How many planes of such a TIFF are needed: 3, or 4 of CMYK or with an alpha that is multiplied
 * in; 0: it is no such TIFF. */
int image_planes_count(const struct image_tiff *tiff);

/* Opens source->pixels as the bands of source->planes files, at the first row. 0 or -1
 * (ERROR_IMAGE, ERROR_MEMORY). */
int image_planes_load(struct image_source *source, struct error *error);

void image_planes_close(struct image_source *source);

#endif
