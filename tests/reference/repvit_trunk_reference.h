/* repvit_trunk_reference.h - the reference of repvit.h: straight loops, step by step as the
 * official code has them, but for the branches that are one convolution already. */
#ifndef TESTS_REFERENCE_REPVIT_TRUNK_REFERENCE_H
#define TESTS_REFERENCE_REPVIT_TRUNK_REFERENCE_H

#include "model/encoders/repvit_weights.h"

struct error;

/* levels[i][D][side][side] = the result of stage i of input[3][S][S]. Sides and widths are those of
 * the stage's last block. Returns 0, or -1 with ERROR_MEMORY. */
int repvit_trunk_reference(const struct repvit_weights *weights, const float *input,
                           float *const *levels, struct error *error);

#endif
