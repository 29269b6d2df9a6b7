/* predictor.h - one click on an image to the model's three masks of it, at full resolution.
 *
 *   image -> resized, normalised tensor -> embedding;  click -> three low-resolution masks -> runs
 */
#ifndef PIPELINE_PREDICTOR_H
#define PIPELINE_PREDICTOR_H

#include <stdint.h>

#include "rle/rle.h"

struct error;
struct image;
struct sam;

enum { PREDICTOR_MASKS = 3 }; /* the model's multimask output */

struct predictor_mask {
    struct rle rle; /* owned, of the image's size; may be empty */
    float predicted_iou;
};

/* The embedding of one image and scratch memory; for one thread. */
struct predictor;

/* `sam` must outlive the predictor. A pixel is in a mask where its logit is above mask_threshold; the
 * image encoder runs on up to `threads` threads. NULL with ERROR_MEMORY. */
struct predictor *predictor_new(const struct sam *sam, double mask_threshold, int threads,
                                struct error *error);
void predictor_free(struct predictor *predictor);

/* Encodes an image, which is not needed afterwards. Returns 0 or -1 (ERROR_MEMORY). */
int predictor_set_image(struct predictor *predictor, const struct image *image,
                        struct error *error);

/* One foreground click on pixel (x, y) of the image that was encoded last, given to the model as
 * SamPredictor does: x times new width / width, and so on. masks[PREDICTOR_MASKS] must be zeroed or
 * reusable; the caller frees their runs, also on failure. Returns 0 or -1 (ERROR_MEMORY). */
int predictor_click(struct predictor *predictor, int32_t x, int32_t y, struct predictor_mask *masks,
                    struct error *error);

#endif
