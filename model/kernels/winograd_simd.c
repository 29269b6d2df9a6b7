#include "model/kernels/math_simd.h"
#include "model/kernels/winograd_kernel.h"

/* y = B^T x of six numbers. */
VECTOR_INLINE void input_line(const vector *x, size_t x_step, vector *y, size_t y_step)
{
    vector x0 = x[0], x1 = x[x_step], x2 = x[2 * x_step], x3 = x[3 * x_step], x4 = x[4 * x_step],
           x5 = x[5 * x_step];
    vector even = x4 - 4.0f * x2, odd = x3 - 4.0f * x1, half = x4 - x2, diff = 2.0f * (x3 - x1);
    y[0] = 4.0f * x0 - 5.0f * x2 + x4;
    y[y_step] = even + odd;
    y[2 * y_step] = even - odd;
    y[3 * y_step] = half + diff;
    y[4 * y_step] = half - diff;
    y[5 * y_step] = 4.0f * x1 - 5.0f * x3 + x5;
}

/* y = A^T x: four numbers from six. */
VECTOR_INLINE void output_line(const vector *x, size_t x_step, vector *y, size_t y_step)
{
    vector sum = x[x_step] + x[2 * x_step], diff = x[x_step] - x[2 * x_step];
    vector sum2 = x[3 * x_step] + x[4 * x_step], diff2 = x[3 * x_step] - x[4 * x_step];
    y[0] = x[0] + sum + sum2;
    y[y_step] = diff + 2.0f * diff2;
    y[2 * y_step] = sum + 4.0f * sum2;
    y[3 * y_step] = diff + 8.0f * diff2 + x[5 * x_step];
}

VECTOR_INLINE void input_lanes(size_t channels, const float *x, size_t row, float *y, size_t apart,
                               const size_t lanes)
{
    vector d[36], t[36];
#pragma GCC unroll 6
    for (size_t r = 0; r < 6; r++)
#pragma GCC unroll 6
        for (size_t c = 0; c < 6; c++)
            d[r * 6 + c] = vector_load_part(x + r * row + c * channels, lanes);
#pragma GCC unroll 6
    for (size_t c = 0; c < 6; c++)
        input_line(d + c, 6, t + c, 6);
#pragma GCC unroll 6
    for (size_t r = 0; r < 6; r++)
        input_line(t + r * 6, 1, d + r * 6, 1);
#pragma GCC unroll 36
    for (size_t i = 0; i < 36; i++)
        vector_store_part(y + i * apart, d[i], lanes);
}

static void input(size_t channels, const float *x, size_t row, float *y, size_t apart)
{
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES)
        input_lanes(channels, x + c, row, y + c, apart, LANES);
    if (c < channels)
        input_lanes(channels, x + c, row, y + c, apart, channels - c);
}

VECTOR_INLINE void output_lanes(const float *x, size_t apart, const float *bias,
                                const struct winograd_place *to, size_t first, const size_t lanes)
{
    vector t[24], y[16];
#pragma GCC unroll 6
    for (size_t c = 0; c < 6; c++) {
        vector d[6];
#pragma GCC unroll 6
        for (size_t r = 0; r < 6; r++)
            d[r] = vector_load_part(x + (r * 6 + c) * apart, lanes);
        output_line(d, 1, t + c, 6);
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < 4; r++)
        output_line(t + r * 6, 1, y + r * 4, 1);
    vector b = vector_load_part(bias, lanes);
    for (size_t i = 0; i < 16; i++) {
        float *at = to->at + i / 4 * to->row + i % 4 * to->column + first;
        vector result = y[i] + b;
        if (to->gelu)
            result = vector_gelu_tanh(result);
        if (to->add)
            result += vector_load_part(at, lanes);
        vector_store_part(at, result, lanes);
    }
}

static void output(size_t n, const float *x, size_t apart, const float *bias,
                   const struct winograd_place *to)
{
    size_t c = 0;
    for (; c + LANES <= n; c += LANES)
        output_lanes(x + c, apart, bias + c, to, c, LANES);
    if (c < n)
        output_lanes(x + c, apart, bias + c, to, c, n - c);
}

const struct winograd_kernel ISA_NAME(winograd_kernel) = {input, output};
