#include "model/kernels/kernels.h"

#include <math.h>

#include "model/kernels/math_simd.h"

/* Mean and 1 / sqrt(variance + eps) of a row. */
static void row_statistics(size_t n, const float *x, float eps, float *mean, float *rstd)
{
    size_t i;
    vector sum = {0}, square = {0};
    for (i = 0; i + LANES <= n; i += LANES)
        sum += vector_load(x + i);
    if (i < n)
        sum += vector_load_part(x + i, n - i);
    *mean = vector_sum(sum) / (float)n;
    for (i = 0; i + LANES <= n; i += LANES) {
        vector d = vector_load(x + i) - *mean;
        square += d * d;
    }
    float rest = 0;
    for (; i < n; i++)
        rest += (x[i] - *mean) * (x[i] - *mean);
    *rstd = 1.0f / sqrtf((vector_sum(square) + rest) / (float)n + eps);
}

static void layer_norm(const struct layer_norm *norm, size_t rows, const float *x, size_t x_row,
                       float *y, size_t y_row)
{
    const float *weight = norm->weight, *bias = norm->bias;
    size_t n = norm->width;
    for (size_t r = 0; r < rows; r++, x += x_row, y += y_row) {
        float mean, rstd;
        size_t i;
        row_statistics(n, x, norm->eps, &mean, &rstd);
        for (i = 0; i + LANES <= n; i += LANES)
            vector_store(y + i, (vector_load(x + i) - mean) * rstd * vector_load(weight + i) +
                                    vector_load(bias + i));
        for (; i < n; i++)
            y[i] = (x[i] - mean) * rstd * weight[i] + bias[i];
    }
}

/* x[n] = f(x[n]) in each row. `f` is a constant of each call, so it is compiled in. */
VECTOR_INLINE void apply(size_t rows, size_t n, float *x, size_t row, vector f(vector))
{
    for (size_t r = 0; r < rows; r++, x += row) {
        size_t i;
        for (i = 0; i + LANES <= n; i += LANES)
            vector_store(x + i, f(vector_load(x + i)));
        if (i < n)
            vector_store_part(x + i, f(vector_load_part(x + i, n - i)), n - i);
    }
}

static void gelu(size_t rows, size_t n, float *x, size_t row)
{
    apply(rows, n, x, row, vector_gelu);
}

static void gelu_tanh(size_t rows, size_t n, float *x, size_t row)
{
    apply(rows, n, x, row, vector_gelu_tanh);
}

static void quick_gelu(size_t rows, size_t n, float *x, size_t row)
{
    apply(rows, n, x, row, vector_quick_gelu);
}

/* `lanes` channels from channel `c` on, for all positions. Where `kernel` is a constant, the weights
 * of a small kernel stay in registers. */
VECTOR_INLINE void depthwise_lanes(const struct depthwise *conv, const size_t kernel,
                                   size_t positions, const float *const *rows, float *y, size_t c,
                                   const size_t lanes)
{
    size_t channels = conv->channels, stride = conv->stride;
    vector weight[DEPTHWISE_KERNEL_MAX * DEPTHWISE_KERNEL_MAX];
    vector bias = vector_load_part(conv->bias + c, lanes);
    for (size_t i = 0; i < kernel * kernel; i++)
        weight[i] = vector_load_part(conv->weight + i * channels + c, lanes);
    for (size_t p = 0; p < positions; p++) {
        vector sum = bias;
        for (size_t i = 0; i < kernel; i++)
            for (size_t j = 0; j < kernel; j++)
                sum += weight[i * kernel + j] *
                       vector_load_part(rows[i] + (stride * p + j) * channels + c, lanes);
        vector_store_part(y + p * channels + c, sum, lanes);
    }
}

VECTOR_INLINE void depthwise_channels(const struct depthwise *conv, const size_t kernel,
                                      size_t positions, const float *const *rows, float *y)
{
    size_t c = 0;
    for (; c + LANES <= conv->channels; c += LANES)
        depthwise_lanes(conv, kernel, positions, rows, y, c, LANES);
    if (c < conv->channels)
        depthwise_lanes(conv, kernel, positions, rows, y, c, conv->channels - c);
}

static void depthwise(const struct depthwise *conv, size_t positions, const float *const *rows,
                      float *y)
{
    if (conv->kernel == 3)
        depthwise_channels(conv, 3, positions, rows, y);
    else if (conv->kernel == 5)
        depthwise_channels(conv, 5, positions, rows, y);
    else
        depthwise_channels(conv, conv->kernel, positions, rows, y);
}

static void blend(size_t n, const float *const *x, const float *weights, bool add, float *y)
{
    for (size_t i = 0; i < n; i += LANES) {
        size_t lanes = n - i < LANES ? n - i : LANES;
        vector sum = add ? vector_load_part(y + i, lanes) : (vector){0};
        for (size_t k = 0; k < 4; k++)
            sum += weights[k] * vector_load_part(x[k] + i, lanes);
        vector_store_part(y + i, sum, lanes);
    }
}

const struct kernels ISA_NAME(kernels) = {layer_norm, gelu,      gelu_tanh,
                                          quick_gelu, depthwise, blend};
