/* encoder_reference.h - the reference of encoder.h: every architecture as straight loops. */
#ifndef TESTS_REFERENCE_ENCODER_REFERENCE_H
#define TESTS_REFERENCE_ENCODER_REFERENCE_H

#include "model/encoders/encoding.h"

struct checkpoint;
struct error;

/* input[3][S][S] -> *to with the image_encoder.* of an open checkpoint. `image_size` is S. Returns
 * 0, or -1 with ERROR_MODEL or ERROR_MEMORY. */
int encoder_reference(struct checkpoint *checkpoint, int image_size, const float *input,
                      const struct encoding *to, struct error *error);

#endif
