/* kernels.h - what the encoders do between products, on rows and strips, for each instruction set.
 */
#ifndef MODEL_KERNELS_KERNELS_H
#define MODEL_KERNELS_KERNELS_H

#include <stddef.h>

#include "base/isa.h"

struct kernels {
    /* y = (x - mean) / sqrt(variance + eps) * weight + bias over each row of x[rows][n]; rows lie
     * x_row and y_row floats apart. y may be x. */
    void (*layer_norm)(size_t rows, size_t n, const float *x, size_t x_row, const float *weight,
                       const float *bias, float eps, float *y, size_t y_row);

    /* The exact GELU of x[rows][n] in place, within 1.5e-7 * max(1, |x|); rows lie `row` apart. */
    void (*gelu)(size_t rows, size_t n, float *x, size_t row);

    /* A row of a depthwise 3x3 convolution: y[positions][channels] = bias[channels] + the sum over
     * i, j of weight[i][j][channels] * rows[i][(stride * position + j) * channels ...]. */
    void (*depthwise)(size_t positions, size_t channels, size_t stride, const float *const *rows,
                      const float *weight, const float *bias, float *y);
};

const struct kernels *kernels_for(enum isa isa);

#endif
