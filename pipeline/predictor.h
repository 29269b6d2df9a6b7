/* predictor.h - one prompt on an encoded image to the model's masks at full resolution, as the
 * reference's SamPredictor and SAM2ImagePredictor give them.
 *
 *   points, box, earlier mask -> low-resolution logits -> runs
 */
#ifndef PIPELINE_PREDICTOR_H
#define PIPELINE_PREDICTOR_H

#include <stdbool.h>

struct embedding;
struct error;
struct mask_list;
struct sam;

enum { PREDICTOR_MASKS = 3 }; /* the model's multimask output */

/* Coordinates are pixels of the image. All pointers are borrowed. */
struct predictor_prompt {
    const double *points; /* [point_count][2], x then y */
    const int *labels;    /* [point_count]: 1 foreground, 0 background; NULL: all foreground */
    int point_count;      /* 0..SAM_POINTS_MAX */
    const double *box;    /* x0, y0, x1, y1; NULL: none */
    const float *logits;  /* [L][L] of an earlier mask; NULL: none */
    bool single;          /* the single-mask output instead of the multimask output */
};

/* How logits become a mask and its stability score. */
struct predictor_options {
    double mask_threshold; /* a pixel is foreground if its logit is above it */
    double stability_score_offset;
};

/* Scratch memory of one thread. */
struct predictor;

/* `sam` must outlive the predictor. NULL with ERROR_MEMORY. */
struct predictor *predictor_new(const struct sam *sam, const struct predictor_options *options,
                                struct error *error);
void predictor_free(struct predictor *predictor);

/* Adds the masks of one prompt to the empty list `masks`: PREDICTOR_MASKS of them, or one with
 * `single`, in the model's order; an empty mask has no foreground. The prompt is on the region of
 * `embedding`; masks are in its frame. Returns 0, or -1 with ERROR_USAGE (no or too
 * many points) or ERROR_MEMORY. */
int predictor_predict(struct predictor *predictor, const struct embedding *embedding,
                      const struct predictor_prompt *prompt, struct mask_list *masks,
                      struct error *error);

/* Low-resolution logits of the masks that were predicted last: [masks][L][L], before
 * mask_threshold; those of SAM 2's models are cut to -32..32. They live until the next call. */
const float *predictor_logits(const struct predictor *predictor);

#endif
