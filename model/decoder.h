/* decoder.h - prompt encoder and mask decoder: from an embedding and prompts to predicted IoU and
 * low-resolution logits. Letters as in sam.h.
 *
 * How the official code decodes a prompt:
 *   points, boxes -> Fourier features -> tokens (T x C: iou, 4 masks, points ...; in SAM 2's
 *   models, a token for the score of whether there is an object comes first)
 *   two layers { self-attention, tokens -> image, MLP, image -> tokens } and a last tokens -> image
 *   iou token -> 3-layer MLP -> predicted IoU of M masks
 *   image positions -> two transposed convolutions -> 4G x 4G x C/8, times the weights that
 *   another 3-layer MLP makes of each mask token -> logits; in SAM 2's models, features of high
 *   resolution are added behind each convolution
 *
 * There are two implementations. decoder_reference.h follows these steps. folded.h gives the same
 * numbers with far fewer multiplications, for models whose C is a multiple of 32, as it is in all that
 * are known.
 *
 * This file makes the objects; what they do is declared in sam.h: sam_embedding, sam_decode,
 * sam_want, sam_logits, sam_single_candidates, sam_single_logits, sam_limit_logits, sam_image_free
 * and sam_decoder_free. */
#ifndef MODEL_DECODER_H
#define MODEL_DECODER_H

#include "model/sam.h"

struct checkpoint;
struct decoder_weights;

/* Reads prompt_encoder.* and mask_decoder.* and derives every size from their shapes and from what
 * the encoder says. SAM_BF16 rounds factors where that is faster on this CPU (MODEL.md); all else is
 * float. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY. *weights is the caller's;
 * the checkpoint must stay open as long as it lives. */
int decoder_weights_load(struct decoder_weights **weights, struct checkpoint *checkpoint,
                         const struct encoder_info *encoder, enum sam_precision precision,
                         struct error *error);

/* NULL is allowed. */
void decoder_weights_free(struct decoder_weights *weights);

/* Room for the embedding of one image and for the tables that depend on the image alone; `weights`
 * must outlive it. NULL with ERROR_MEMORY. */
struct sam_image *decoder_image_new(const struct decoder_weights *weights, struct error *error);

/* Where an encoder writes; decoder_image_finish is due then. The arrays live as long as the
 * image. */
struct encoding decoder_image_encoding(struct sam_image *image);

/* Computes the tables from the encoding with up to `threads` OpenMP threads; the same bits for any
 * number of them. */
void decoder_image_finish(struct sam_image *image, int threads);

/* Scratch of one decoding thread; `weights` must outlive it. NULL with ERROR_MEMORY. */
struct sam_decoder *decoder_new(const struct decoder_weights *weights, struct error *error);

#endif
