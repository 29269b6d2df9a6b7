/* image_scale.h - an image put into a picture, in another size. */
#ifndef IMAGES_IMAGE_SCALE_H
#define IMAGES_IMAGE_SCALE_H

#include "base/geometry.h"

struct error;
struct image;

/* Fills the part `place` of `canvas`, which lies inside it and is not empty, with the image: resampled
 * (Lanczos, three lobes) if the place has another size. Equal images give equal pixels.
 * image_library_start (image.h) must have been called; any thread may call. Returns 0, or -1 with
 * ERROR_IMAGE (libvips refuses) or ERROR_MEMORY. */
int image_scale(const struct image *image, struct image *canvas, struct rect place,
                struct error *error);

#endif
