/* upsample.h - bicubic upsampling of planes, as PyTorch's interpolate has it (a = -0.75,
 * align_corners false): position p of the result lies at (p + 1/2) from / to - 1/2, and the border
 * goes on outside. */
#ifndef MODEL_KERNELS_UPSAMPLE_H
#define MODEL_KERNELS_UPSAMPLE_H

#include "base/isa.h"
#include "model/kernels/plane.h"

/* The floats of scratch that one thread needs for `from`. */
size_t upsample_scratch(const struct plane *from);

/* Adds row `row` of the enlarged `from` to `to`, which has as many channels. */
void upsample_row(enum isa isa, const struct plane *from, const struct plane *to, size_t row,
                  float *scratch);

#endif
