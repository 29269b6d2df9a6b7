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

static void layer_norm(size_t rows, size_t n, const float *x, size_t x_row, const float *weight,
                       const float *bias, float eps, float *y, size_t y_row)
{
    for (size_t r = 0; r < rows; r++, x += x_row, y += y_row) {
        float mean, rstd;
        size_t i;
        row_statistics(n, x, eps, &mean, &rstd);
        for (i = 0; i + LANES <= n; i += LANES)
            vector_store(y + i, (vector_load(x + i) - mean) * rstd * vector_load(weight + i) +
                                    vector_load(bias + i));
        for (; i < n; i++)
            y[i] = (x[i] - mean) * rstd * weight[i] + bias[i];
    }
}

static void gelu(size_t rows, size_t n, float *x, size_t row)
{
    for (size_t r = 0; r < rows; r++, x += row) {
        size_t i;
        for (i = 0; i + LANES <= n; i += LANES)
            vector_store(x + i, vector_gelu(vector_load(x + i)));
        if (i < n)
            vector_store_part(x + i, vector_gelu(vector_load_part(x + i, n - i)), n - i);
    }
}

/* Up to LANES channels of all positions, their weights in registers. */
VECTOR_INLINE void depthwise_lanes(size_t positions, size_t channels, size_t stride,
                                   const float *const *rows, const float *weight, const float *bias,
                                   float *y, const size_t lanes)
{
    vector w[9], first = vector_load_part(bias, lanes);
    for (size_t i = 0; i < 9; i++)
        w[i] = vector_load_part(weight + i * channels, lanes);
    for (size_t p = 0; p < positions; p++) {
        vector sum = first;
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < 3; j++)
                sum +=
                    w[i * 3 + j] * vector_load_part(rows[i] + (stride * p + j) * channels, lanes);
        vector_store_part(y + p * channels, sum, lanes);
    }
}

static void depthwise(size_t positions, size_t channels, size_t stride, const float *const *rows,
                      const float *weight, const float *bias, float *y)
{
    for (size_t c = 0; c < channels; c += LANES) {
        const float *const from[3] = {rows[0] + c, rows[1] + c, rows[2] + c};
        if (channels - c >= LANES)
            depthwise_lanes(positions, channels, stride, from, weight + c, bias + c, y + c, LANES);
        else
            depthwise_lanes(positions, channels, stride, from, weight + c, bias + c, y + c,
                            channels - c);
    }
}

const struct kernels ISA_NAME(kernels) = {layer_norm, gelu, depthwise};
