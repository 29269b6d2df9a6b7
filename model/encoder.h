/* encoder.h - the image encoder of any architecture: normalised pixels -> embedding. */
#ifndef MODEL_ENCODER_H
#define MODEL_ENCODER_H

#include "model/encoders/encoding.h"
#include "model/sam.h"

struct checkpoint;
struct encoder;

/* Reads image_encoder.*. The names of its tensors tell the architecture, their shapes the sizes.
 * Returns 0, or -1 with ERROR_MODEL, ERROR_MEMORY or ERROR_UNSUPPORTED (this CPU has no products in
 * the wanted precision). The caller owns *encoder and must keep the checkpoint open as long as it
 * lives. */
int encoder_load(struct encoder **encoder, struct checkpoint *checkpoint,
                 const struct sam_options *options, struct error *error);

/* NULL is allowed. */
void encoder_free(struct encoder *encoder);

/* Lives as long as the encoder. */
const struct encoder_info *encoder_info(const struct encoder *encoder);

/* All memory that encoder_run needs with up to `threads` threads; sam_encoder_free (sam.h) frees
 * it. NULL with ERROR_MEMORY. */
struct sam_encoder *encoder_scratch_new(const struct encoder *encoder, int threads,
                                        struct error *error);

/* input[3][S][S] -> *to with up to `threads` OpenMP threads. The bits do not depend on their
 * number. */
void encoder_run(const struct encoder *encoder, struct sam_encoder *scratch, const float *input,
                 int threads, const struct encoding *to);

#endif
