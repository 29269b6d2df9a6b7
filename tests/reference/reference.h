/* reference.h - the formulas as straight loops: slow and obviously right. Tests compare the fast
 * paths with them. Sums are accumulated in double precision. */
#ifndef TESTS_REFERENCE_REFERENCE_H
#define TESTS_REFERENCE_REFERENCE_H

#include <stddef.h>

#include "model/kernels/matmul.h"

/* c[m][n] = a[m][k] @ b[k][n], plus what c holds if c.add. */
void reference_matmul(struct matmul_shape shape, struct matmul_view a, struct matmul_view b,
                      struct matmul_result c);

/* y[rows][out] = x[rows][in] @ weight[out][in]^T + bias[out] (NULL: zeros). */
struct reference_linear {
    size_t in, out;
    const float *weight, *bias;
};
void reference_linear(const struct reference_linear *linear, size_t rows, const float *x, float *y);

/* y = (x - mean) / sqrt(variance + eps) * weight + bias; the variance is the mean squared
 * deviation. */
struct reference_norm {
    size_t width;
    const float *weight, *bias;
    float eps;
};

/* Over each row of x[rows][width]. y may be x. */
void reference_layer_norm(const struct reference_norm *norm, size_t rows, const float *x, float *y);

/* Over the channels at each position of x[width][positions] (LayerNorm2d). y may be x. */
void reference_layer_norm_2d(const struct reference_norm *norm, size_t positions, const float *x,
                             float *y);

/* x = x * (1 + erf(x / sqrt(2))) / 2, the exact GELU. */
void reference_gelu(size_t n, float *x);

/* x = x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2, its approximation. */
void reference_gelu_tanh(size_t n, float *x);

/* x = exp(x - max) / sum, over n numbers. */
void reference_softmax(size_t n, float *x);

/* A square convolution over channel planes with zero padding. `in` and `out` are multiples of
 * `groups`. */
struct reference_conv {
    size_t in, out, kernel, stride, padding, groups;
    const float *weight, *bias; /* [out][in / groups][kernel][kernel], [out] (NULL: zeros) */
};

/* y[out][rows][columns] of x[in][height][width]; rows = (height + 2 padding - kernel) / stride + 1,
 * and columns likewise. */
void reference_convolve(const struct reference_conv *conv, size_t height, size_t width,
                        const float *x, float *y);

#endif
