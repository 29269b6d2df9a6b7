/* clip_crop.h - a mask's picture for CLIP: a square around the mask, resized and normalised as CLIP's authors do it.
 *
 * The square has the centre of the mask's box (an odd pixel more lies left and above). Its side is the longer side
 * of the box and a margin of a tenth of it, rounded up, on both sides, but at least CLIP_CROP_LEAST pixels. What
 * lies beyond the image has CLIP's mean colour, and so has what does not belong to the mask, unless the background
 * is kept. The square is resized to S x S with Pillow's bicubic filter (images/resize.h) and normalised: (level /
 * 255 - mean) / deviation. Source of the sizes and of the filter: CLIP's `_transform`, in which a square has nothing
 * to be cut off.
 */
#ifndef PIPELINE_CLIP_CROP_H
#define PIPELINE_CLIP_CROP_H

#include <stdint.h>

#include "base/geometry.h"

struct clip_crop;
struct error;
struct image;
struct mask;

enum {
    CLIP_CROP_LEAST = 32,         /* pixels of a square's side */
    CLIP_CROP_LONGEST = 1 << 20,  /* pixels of an image's side */
    CLIP_CROP_BYTES_A_PIXEL = 128 /* of a side: what clip_crop_bytes counts */
};

/* What becomes of pixels of the image that are not the mask's. */
enum clip_background {
    CLIP_BACKGROUND_MEAN, /* CLIP's mean colour */
    CLIP_BACKGROUND_KEEP  /* they stay */
};

/* Scratch memory of one thread. S is `side`. NULL with ERROR_MEMORY. */
struct clip_crop *clip_crop_new(int32_t side, enum clip_background background, struct error *error);

/* NULL is allowed. */
void clip_crop_free(struct clip_crop *crop);

/* Bytes that it takes at most for masks of an image of this size. */
uint64_t clip_crop_bytes(struct size image);

/* The square around a box. It may reach beyond the image. */
struct rect clip_crop_square(const struct box *box);

/* The picture of a mask that is not empty and has the image's size: to[3][S][S]. Returns 0, or -1 with ERROR_IMAGE (a
 * side of the image is longer than CLIP_CROP_LONGEST) or ERROR_MEMORY. */
int clip_crop_make(struct clip_crop *crop, const struct image *image, const struct mask *mask,
                   float *to, struct error *error);

#endif
