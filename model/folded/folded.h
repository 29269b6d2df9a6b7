/* folded.h - the mask decoder with everything shared between prompts taken out: the same
 * numbers as the plain one but for rounding, for a tenth of the multiplications. Serves prompts of
 * seven tokens (one point, or one box) without a mask. See "The folded decoder" in MODEL.md.
 *
 * Files: decoder_fold (the weights folded), decoder_table (tables of an image), decoder_folded (the
 * flow up to the predicted IoU), decoder_logits (the flow up to the logits), decoder_batch (what
 * both work on), decoder_tokens (the token side), decoder_small (small matrices of a prompt),
 * decoder_pass (the image side, chunk by chunk), decoder_kernel and *_simd (inner loops). */
#ifndef MODEL_FOLDED_FOLDED_H
#define MODEL_FOLDED_FOLDED_H

#include <stdbool.h>

#include "model/folded/folded_weights.h"

struct error;
struct decoder_folded;

/* Whether this batch can be decoded by the functions below. */
bool decoder_folded_serves(const struct sam_prompts *prompts);

/* Scratch of one thread; `tensors` and `fold` must outlive it. NULL with ERROR_MEMORY. */
struct decoder_folded *decoder_folded_new(const struct decoder_tensors *tensors,
                                          const struct decoder_fold *fold, struct error *error);
void decoder_folded_free(struct decoder_folded *folded);

/* iou[P][M] with tables of decoder_table_fill. The batch is remembered for the functions below,
 * which take the same tables. */
void decoder_folded_run(struct decoder_folded *folded, const float *tables,
                        const struct sam_prompts *prompts, float *iou);

/* Prepares masks of the last batch: bit m of wanted[P] stands for mask m. */
void decoder_folded_want(struct decoder_folded *folded, const float *tables,
                         const unsigned char *wanted);

/* logits[count][L][L] of masks which[0..count) of a prompt of the last batch. */
void decoder_folded_logits(struct decoder_folded *folded, const float *tables, int prompt,
                           const int *which, int count, float *logits);

#endif
