/* repvit_reference.h - the references of RepViT-SAM and EdgeTAM: the trunk, then either neck. */
#ifndef TESTS_REFERENCE_REPVIT_REFERENCE_H
#define TESTS_REFERENCE_REPVIT_REFERENCE_H

#include "model/encoders/encoding.h"

struct checkpoint;
struct error;

/* As encoder_reference. */
int repvit_sam_reference(struct checkpoint *checkpoint, int image_size, const float *input,
                         const struct encoding *to, struct error *error);
int edgetam_reference(struct checkpoint *checkpoint, int image_size, const float *input,
                      const struct encoding *to, struct error *error);

#endif
