/* kernels.h - what runs between products, on rows of floats: LayerNorm, GELU, depthwise
 * convolution. Compiled for each instruction set. */
#ifndef MODEL_KERNELS_KERNELS_H
#define MODEL_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/isa.h"

struct layer_norm {
    size_t width;
    const float *weight, *bias; /* [width] */
    float eps;
};

enum { DEPTHWISE_KERNEL_MAX = 7 };

/* A depthwise convolution with channels last. */
struct depthwise {
    size_t channels, kernel, stride; /* the kernel's side is odd and at most DEPTHWISE_KERNEL_MAX */
    float *weight;                   /* [kernel][kernel][channels] */
    const float *bias;               /* [channels] */
};

struct kernels {
    /* y = (x - mean) / sqrt(variance + eps) * weight + bias over each row of x[rows][width]; rows
     * lie x_row and y_row floats apart. y may be x. */
    void (*layer_norm)(const struct layer_norm *norm, size_t rows, const float *x, size_t x_row,
                       float *y, size_t y_row);

    /* The exact GELU of x[rows][n] in place, within 1.5e-7 * max(1, |x|); rows lie `row` apart. */
    void (*gelu)(size_t rows, size_t n, float *x, size_t row);

    /* The same of GELU's approximation by tanh, which some models are trained with. */
    void (*gelu_tanh)(size_t rows, size_t n, float *x, size_t row);

    /* The same of x * sigmoid(1.702 x), which CLIP is trained with (QuickGELU), for |x| <= 1e30. */
    void (*quick_gelu)(size_t rows, size_t n, float *x, size_t row);

    /* One row of results: y[positions][channels] = bias + the sum over i, j < kernel of
     * weight[i][j] * rows[i][stride * position + j], for each channel by itself. */
    void (*depthwise)(const struct depthwise *conv, size_t positions, const float *const *rows,
                      float *y);

    /* y[n] = the sum over i < 4 of weights[i] * x[i][n], plus y if `add`. */
    void (*blend)(size_t n, const float *const *x, const float *weights, bool add, float *y);
};

/* The kernels of an instruction set; never NULL. For ISA_OPENBLAS the generic ones. */
const struct kernels *kernels_for(enum isa isa);

/* Whether the variables of the environment that choose kernels (base/isa.h, matmul.h, half16.h) have
 * values that are known. Returns 0, or -1 with ERROR_USAGE, which names the value and those that are
 * known. */
int kernels_check_environment(struct error *error);

#endif
