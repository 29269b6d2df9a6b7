/* decoder_reference.h - the mask decoder step by step, as the official code has it. It serves
 * models that the folded decoder does not, and tests compare the folded one with it.
 * About 1,800 million multiply-adds a prompt at the official sizes. */
#ifndef MODEL_DECODER_DECODER_REFERENCE_H
#define MODEL_DECODER_DECODER_REFERENCE_H

#include "model/decoder/decoder_tensors.h"

struct error;
struct decoder_reference;

/* Scratch of one thread; `tensors` and `hq` must outlive it. `hq` is NULL unless the model is a
 * SAM-HQ. NULL with ERROR_MEMORY. */
struct decoder_reference *decoder_reference_new(const struct decoder_tensors *tensors,
                                                const struct hq_scratch *hq, struct error *error);

/* NULL is allowed. */
void decoder_reference_free(struct decoder_reference *decoder);

/* iou[P][M]. Remembers the batch for decoder_reference_logits. */
void decoder_reference_run(struct decoder_reference *decoder, const struct decoder_input *input,
                           const struct sam_prompts *prompts, float *iou);

/* logits[count][L][L] of masks which[0..count) of a prompt of the last batch, same input. Of a
 * SAM-HQ, the upscaled embedding and the hyper weights of the HQ mask are left in its scratch. */
void decoder_reference_logits(struct decoder_reference *decoder, const struct decoder_input *input,
                              int prompt, const int *which, int count, float *logits);

#endif
