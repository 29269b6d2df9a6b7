/* decoder.h - prompt encoder and mask decoder: from an embedding and prompts to predicted IoU and
 * low-resolution logits. Letters as in sam.h.
 *
 * The reference's life of a prompt, which every function below is a part of:
 *   points, boxes -> Fourier features -> tokens (T x C: iou, 4 masks, points ...)
 *   two layers { self-attention, tokens -> image, MLP, image -> tokens } and a last tokens -> image
 *   iou token -> 3-layer MLP -> predicted IoU of M masks
 *   image positions -> two transposed convolutions -> 4G x 4G x C/8, times the weights that
 *   another 3-layer MLP makes of each mask token -> logits
 *
 * Who shares what: weights are immutable and shared by all; an image is written by
 * decoder_image_set and read-only afterwards; a decoder is the scratch of one thread and remembers
 * its last batch. There are two implementations behind this header: the plain one
 * (decoder_reference.h), which follows the reference step by step, and the folded one
 * (folded.h), which gives the same numbers with far fewer multiplications and serves
 * prompts of one point or one box. */
#ifndef MODEL_DECODER_H
#define MODEL_DECODER_H

#include <stdbool.h>

#include "model/sam.h"

struct checkpoint;
struct decoder_weights;
struct decoder_image;
struct decoder;

/* Reads prompt_encoder.* and mask_decoder.* and derives every size from their shapes. `grid` is G,
 * `image_size` S. With `plain` only the plain implementation is prepared and used.
 * Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY. *weights is the caller's; the checkpoint must
 * stay open as long as it lives. */
int decoder_weights_load(struct decoder_weights **weights, struct checkpoint *checkpoint, int grid,
                         int image_size, bool plain, struct error *error);

/* NULL is allowed. */
void decoder_weights_free(struct decoder_weights *weights);

/* Room for the embedding of one image and for the tables that depend on the image alone.
 * NULL with ERROR_MEMORY. */
struct decoder_image *decoder_image_new(const struct decoder_weights *weights, struct error *error);
void decoder_image_free(struct decoder_image *image);

/* Takes the embedding[C][G][G] (copied) and computes the tables with up to `threads` OpenMP
 * threads; the same bits for any number of them. */
void decoder_image_set(const struct decoder_weights *weights, struct decoder_image *image,
                       const float *embedding, int threads);

/* The embedding as it was set, [C][G][G]; lives as long as the image. */
const float *decoder_image_embedding(const struct decoder_image *image);

/* Scratch of one decoding thread. NULL with ERROR_MEMORY. */
struct decoder *decoder_new(const struct decoder_weights *weights, struct error *error);
void decoder_free(struct decoder *decoder);

/* iou[P][M] of a batch of prompts, on the calling thread alone. A prompt's result has the same bits
 * whichever others share its batch. The decoder remembers the batch for decoder_logits. */
void decoder_run(const struct decoder_weights *weights, struct decoder *decoder,
                 const struct decoder_image *image, const struct sam_prompts *prompts, float *iou);

/* Optional, between decoder_run and decoder_logits: says which masks of the batch will be asked
 * for, bit m of wanted[P] for mask m, so that what their prompts share is read once. The results
 * have the same bits without it. */
void decoder_want(struct decoder *decoder, const struct decoder_image *image,
                  const unsigned char *wanted);

/* logits[count][L][L] of masks which[0..count) (each 0..M-1, count 1..M) of prompt `prompt` of the
 * last batch, which was run on the same image. */
void decoder_logits(const struct decoder_weights *weights, struct decoder *decoder,
                    const struct decoder_image *image, int prompt, const int *which, int count,
                    float *logits);

#endif
