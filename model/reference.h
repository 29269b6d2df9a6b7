/* reference.h - the formulas as straight loops: slow, obviously right, what the fast paths are compared
 * with. Sums are accumulated in double precision. */
#ifndef MODEL_REFERENCE_H
#define MODEL_REFERENCE_H

#include <stddef.h>

/* y[rows][out] = x[rows][in] @ weight[out][in]^T + bias[out] (NULL: zeros). */
void plain_linear(size_t rows, size_t in, size_t out, const float *x, const float *weight,
                  const float *bias, float *y);

/* y = (x - mean) / sqrt(variance + eps) * weight + bias over each row of x[rows][n]; the variance
 * is the mean squared deviation. y may be x. */
void plain_layer_norm(size_t rows, size_t n, const float *x, const float *weight, const float *bias,
                      float eps, float *y);

/* As plain_layer_norm over the channels at each position of x[n][positions] (LayerNorm2d). */
void plain_layer_norm_2d(size_t n, size_t positions, const float *x, const float *weight,
                         const float *bias, float eps, float *y);

/* x = x * (1 + erf(x / sqrt(2))) / 2, the exact GELU. */
void plain_gelu(size_t n, float *x);

/* x = exp(x - max) / sum, over n numbers. */
void plain_softmax(size_t n, float *x);

/* A square convolution over channel planes with zero padding: weight[out][in /
 * groups][kernel][kernel], bias[out] (NULL: zeros); in, out multiples of groups. */
struct plain_conv {
    size_t in, out, kernel, stride, padding, groups;
    const float *weight, *bias;
};

/* y[out][oh][ow] of x[in][height][width], oh = (height + 2 padding - kernel) / stride + 1. */
void plain_convolve(const struct plain_conv *conv, size_t height, size_t width, const float *x,
                    float *y);

#endif
