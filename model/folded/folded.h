/* folded.h - the mask decoder, with all work that prompts share done once. It gives the same
 * numbers as the reference decoder but for rounding, for a tenth of the multiplications. "The folded
 * decoder" in MODEL.md has the derivation.
 *
 * Files, each with a header unless it is one of the two flows or inner loops:
 *   folded_weights    the folded weights
 *   folded_tables     the tables of an image
 *   folded.c          the flow up to the predicted IoU
 *   folded_logits.c   the flow from there to the logits
 *   folded_batch      the state of one thread, which both flows work on
 *   folded_tokens     the token side
 *   folded_mask       the tables of a prompt with a mask
 *   folded_prompt     the small matrices of a prompt
 *   folded_image      the image side, chunk by chunk
 *   folded_kernel     inner loops, with folded_*_simd; those that multiply once for floats and once for
 *                     pairs of bfloat16 numbers, from folded_*_blocks_simd.h */
#ifndef MODEL_FOLDED_FOLDED_H
#define MODEL_FOLDED_FOLDED_H

#include <stdbool.h>

#include "model/folded/folded_weights.h"

struct error;
struct folded_decoder;

/* Scratch of one thread; all that it is given must outlive it. `hq` is NULL unless the model is a
 * SAM-HQ. NULL with ERROR_MEMORY. */
struct folded_decoder *folded_new(const struct decoder_tensors *tensors,
                                  const struct folded_weights *weights, const struct hq_scratch *hq,
                                  struct error *error);

/* NULL is allowed. */
void folded_free(struct folded_decoder *folded);

/* How many prompts of such a batch are held at a time: 1..SAM_BATCH. */
int folded_room_for(const struct folded_decoder *folded, const struct sam_prompts *prompts);

/* iou[P][M], from tables of folded_tables_fill. Remembers the batch for the functions below, which
 * take the same tables. */
void folded_run(struct folded_decoder *folded, const float *tables,
                const struct sam_prompts *prompts, float *iou);

/* Prepares the logits of masks of the last batch, as far as its prompts are held: bit m of wanted[P]
 * stands for mask m. */
void folded_want(struct folded_decoder *folded, const float *tables, const unsigned char *wanted);

/* logits[count][L][L] of masks which[0..count) of a prompt of the last batch. Of a SAM-HQ, the
 * upscaled embedding and the hyper weights of the HQ mask are left in its scratch. */
void folded_logits(struct folded_decoder *folded, const float *tables, int prompt, const int *which,
                   int count, float *logits);

#endif
