/* decoder_reference.h - the mask decoder step by step as the reference has it: the twin that the folded
 * decoder is tested with, and the way for prompts that the folded one does not serve.
 * About 1,800 million multiply-adds a prompt at the official sizes. */
#ifndef MODEL_DECODER_DECODER_REFERENCE_H
#define MODEL_DECODER_DECODER_REFERENCE_H

#include "model/decoder/decoder_tensors.h"

struct error;
struct decoder_plain;

/* Scratch of one thread. NULL with ERROR_MEMORY. */
struct decoder_plain *decoder_plain_new(const struct decoder_tensors *tensors, struct error *error);
void decoder_plain_free(struct decoder_plain *plain);

/* iou[P][M]; embedding[C][G][G]. The batch is remembered for decoder_plain_logits. */
void decoder_plain_run(const struct decoder_tensors *tensors, struct decoder_plain *plain,
                       const float *embedding, const struct sam_prompts *prompts, float *iou);

/* logits[count][L][L] of masks which[0..count) of a prompt of the last batch, same embedding. */
void decoder_plain_logits(const struct decoder_tensors *tensors, struct decoder_plain *plain,
                          const float *embedding, int prompt, const int *which, int count,
                          float *logits);

#endif
