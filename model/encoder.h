/* encoder.h - the image encoder of either architecture: normalised pixels -> embedding. */
#ifndef MODEL_ENCODER_H
#define MODEL_ENCODER_H

#include "model/sam.h"

struct checkpoint;
struct encoder;
struct encoder_scratch;

/* Reads image_encoder.*; the architecture is told by its tensors, the sizes by their shapes.
 * Returns 0, or -1 with ERROR_MODEL, ERROR_MEMORY or ERROR_UNSUPPORTED (no bf16 products on this
 * CPU). *encoder is the caller's; the checkpoint must stay open as long as it lives. */
int encoder_load(struct encoder **encoder, struct checkpoint *checkpoint,
                 const struct sam_options *options, struct error *error);

/* NULL is allowed. */
void encoder_free(struct encoder *encoder);

/* What the image encoder decides: architecture, name, image_size, grid, embed_dim; the rest 0. */
struct sam_info encoder_info(const struct encoder *encoder);

/* All memory that encoder_run needs. NULL with ERROR_MEMORY. */
struct encoder_scratch *encoder_scratch_new(const struct encoder *encoder, int threads,
                                            struct error *error);
void encoder_scratch_free(struct encoder_scratch *scratch);

/* input[3][S][S] -> embedding[C][G][G] with up to `threads` OpenMP threads; the same bits for any
 * number of them. */
void encoder_run(const struct encoder *encoder, struct encoder_scratch *scratch, const float *input,
                 int threads, float *embedding);

#endif
