#include "model/reference.h"

#include <math.h>

void plain_linear(size_t rows, size_t in, size_t out, const float *x, const float *weight,
                  const float *bias, float *y)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < out; o++) {
            double sum = bias ? bias[o] : 0;
            for (size_t i = 0; i < in; i++)
                sum += (double)x[r * in + i] * weight[o * in + i];
            y[r * out + o] = (float)sum;
        }
}

/* LayerNorm of n numbers that lie `step` apart. */
static void normalise(size_t n, size_t step, const float *x, const float *weight, const float *bias,
                      float eps, float *y)
{
    double mean = 0, variance = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i * step];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        variance += (x[i * step] - mean) * (x[i * step] - mean);
    variance /= (double)n;
    for (size_t i = 0; i < n; i++)
        y[i * step] = (float)((x[i * step] - mean) / sqrt(variance + eps) * weight[i] + bias[i]);
}

void plain_layer_norm(size_t rows, size_t n, const float *x, const float *weight, const float *bias,
                      float eps, float *y)
{
    for (size_t r = 0; r < rows; r++)
        normalise(n, 1, x + r * n, weight, bias, eps, y + r * n);
}

void plain_layer_norm_2d(size_t n, size_t positions, const float *x, const float *weight,
                         const float *bias, float eps, float *y)
{
    for (size_t p = 0; p < positions; p++)
        normalise(n, positions, x + p, weight, bias, eps, y + p);
}

void plain_gelu(size_t n, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(x[i] * 0.5 * (1 + erf(x[i] * M_SQRT1_2)));
}

void plain_softmax(size_t n, float *x)
{
    float max = x[0];
    double sum = 0;
    for (size_t i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    for (size_t i = 0; i < n; i++) {
        x[i] = expf(x[i] - max);
        sum += x[i];
    }
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(x[i] / sum);
}

/* One number of a convolution: channel `out` at (row, column) of the result. */
static double convolve_at(const struct plain_conv *conv, size_t height, size_t width,
                          const float *x, size_t out, size_t row, size_t column)
{
    size_t k = conv->kernel, depth = conv->in / conv->groups;
    size_t first = out / (conv->out / conv->groups) * depth;
    double sum = conv->bias ? conv->bias[out] : 0;
    for (size_t c = 0; c < depth; c++)
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < k; j++) {
                size_t r = row * conv->stride + i, s = column * conv->stride + j;
                if (r < conv->padding || s < conv->padding || r >= height + conv->padding ||
                    s >= width + conv->padding)
                    continue;
                size_t from =
                    ((first + c) * height + r - conv->padding) * width + s - conv->padding;
                sum += (double)x[from] * conv->weight[((out * depth + c) * k + i) * k + j];
            }
    return sum;
}

void plain_convolve(const struct plain_conv *conv, size_t height, size_t width, const float *x,
                    float *y)
{
    size_t rows = (height + 2 * conv->padding - conv->kernel) / conv->stride + 1;
    size_t columns = (width + 2 * conv->padding - conv->kernel) / conv->stride + 1;
    for (size_t o = 0; o < conv->out; o++)
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++)
                y[(o * rows + r) * columns + c] =
                    (float)convolve_at(conv, height, width, x, o, r, c);
}
