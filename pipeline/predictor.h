/* predictor.h - prompts on an encoded image to the model's masks at full resolution, as the
 * reference's SamPredictor and SAM2ImagePredictor give them. Many prompts: predict_many.h.
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
    const float *text;    /* [sam_info.text_width], a text's embedding; NULL: none */
    bool single;          /* the single-mask output instead of the multimask output */
    float *kept; /* [masks][L][L]: where the masks' logits go, as predictor_logits has them;
                             NULL: nowhere */
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

/* Whether a prompt can be answered. Returns 0, or -1 with ERROR_USAGE: no points, box, mask or text, too
 * many points, a coordinate that is no number of pixels (not finite, or above 2^24 either way), or a
 * mask or a text where the model takes none. */
int predictor_check(const struct sam *sam, const struct predictor_prompt *prompt,
                    struct error *error);

/* Adds the masks of one prompt to the empty list `masks`: PREDICTOR_MASKS of them, or one with
 * `single`, in the model's order; an empty mask has no foreground. The prompt is on the region of
 * `embedding`; masks are in its frame. Returns 0, or -1 as predictor_check, or with ERROR_MEMORY. */
int predictor_predict(struct predictor *predictor, const struct embedding *embedding,
                      const struct predictor_prompt *prompt, struct mask_list *masks,
                      struct error *error);

/* Low-resolution logits of the masks that predictor_predict gave last: [masks][L][L], before
 * mask_threshold; those of SAM 2's models are cut to -32..32. They live until the next call. */
const float *predictor_logits(const struct predictor *predictor);

/* Two prompts are of one shape if they have the same number of points and the same value of `single`,
 * and if both or none of them have a box, a mask, and a text. Such prompts are decoded together. This is less
 * than 0, 0 for one shape, or more than 0: an order for sorting. */
int predictor_compare_shapes(const struct predictor_prompt *a, const struct predictor_prompt *b);

/* How many prompts of this one's shape are at most decoded together: 1..SAM_BATCH. */
int predictor_batch(const struct predictor *predictor, const struct predictor_prompt *prompt);

/* As predictor_predict, with the same bits, for prompts[0..count) of one shape that have passed
 * predictor_check, count at most predictor_batch; masks[count] are empty lists. Leaves no logits.
 * Returns 0 or -1 (ERROR_MEMORY). */
int predictor_predict_batch(struct predictor *predictor, const struct embedding *embedding,
                            const struct predictor_prompt *const *prompts, int count,
                            struct mask_list *masks, struct error *error);

#endif
