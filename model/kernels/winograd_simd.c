#include "model/kernels/math_simd.h"
#include "model/kernels/winograd_kernel.h"

/* With stride 1, y = B^T x of six numbers. */
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

/* With stride 1, y = A^T x: four numbers from six. */
VECTOR_INLINE void output_line(const vector *x, size_t x_step, vector *y, size_t y_step)
{
    vector sum = x[x_step] + x[2 * x_step], diff = x[x_step] - x[2 * x_step];
    vector sum2 = x[3 * x_step] + x[4 * x_step], diff2 = x[3 * x_step] - x[4 * x_step];
    y[0] = x[0] + sum + sum2;
    y[y_step] = diff + 2.0f * diff2;
    y[2 * y_step] = sum + 4.0f * sum2;
    y[3 * y_step] = diff + 8.0f * diff2 + x[5 * x_step];
}

/* With stride 2, y = B^T x of nine numbers: five from those at odd places (the first is at -1), then
 * the four at even places as they are. */
VECTOR_INLINE void input_line2(const vector *x, size_t x_step, vector *y, size_t y_step)
{
    vector x0 = x[0], x2 = x[2 * x_step], x4 = x[4 * x_step], x6 = x[6 * x_step],
           x8 = x[8 * x_step];
    vector diff = x6 - x2;
    y[0] = 2.0f * (x0 - x4) + diff;
    y[y_step] = diff - x2 - x4;
    y[2 * y_step] = 2.0f * x2 - 3.0f * x4 + x6;
    y[3 * y_step] = diff;
    y[4 * y_step] = x8 - x4 - 2.0f * diff;
    for (size_t i = 0; i < 4; i++)
        y[(5 + i) * y_step] = x[(2 * i + 1) * x_step];
}

/* With stride 2, y = A^T x: four numbers from nine. */
VECTOR_INLINE void output_line2(const vector *x, size_t x_step, vector *y, size_t y_step)
{
    vector sum = x[x_step] + x[2 * x_step], diff = x[x_step] - x[2 * x_step], two = x[3 * x_step];
    y[0] = x[0] + sum + two + x[5 * x_step];
    y[y_step] = diff + 2.0f * two + x[6 * x_step];
    y[2 * y_step] = sum + 4.0f * two + x[7 * x_step];
    y[3 * y_step] = diff + 8.0f * two + x[4 * x_step] + x[8 * x_step];
}

/* The place of element (r, c): row by row with stride 1; with stride 2 in the order of groups. */
VECTOR_INLINE size_t element(const size_t side, size_t r, size_t c)
{
    if (side == 6 || r < 5)
        return r * side + c;
    return c < 5 ? 45 + c * 4 + (r - 5) : 65 + (r - 5) * 4 + (c - 5);
}

/* `side` is that of a tile's inputs: 6 with stride 1, 9 with stride 2. */
VECTOR_INLINE void input_lanes(const size_t side, size_t channels, const float *x, size_t row,
                               float *y, size_t apart, const size_t lanes)
{
    vector d[81], t[81];
#pragma GCC unroll 9
    for (size_t r = 0; r < side; r++)
#pragma GCC unroll 9
        for (size_t c = 0; c < side; c++)
            d[r * side + c] = vector_load_part(x + r * row + c * channels, lanes);
#pragma GCC unroll 9
    for (size_t c = 0; c < side; c++)
        side == 6 ? input_line(d + c, side, t + c, side) : input_line2(d + c, side, t + c, side);
#pragma GCC unroll 9
    for (size_t r = 0; r < side; r++) {
        vector line[9];
        side == 6 ? input_line(t + r * side, 1, line, 1) : input_line2(t + r * side, 1, line, 1);
#pragma GCC unroll 9
        for (size_t c = 0; c < side; c++)
            vector_store_part(y + element(side, r, c) * apart, line[c], lanes);
    }
}

VECTOR_INLINE void input(const size_t side, size_t channels, const float *x, size_t row, float *y,
                         size_t apart)
{
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES)
        input_lanes(side, channels, x + c, row, y + c, apart, LANES);
    if (c < channels)
        input_lanes(side, channels, x + c, row, y + c, apart, channels - c);
}

VECTOR_INLINE void output_lanes(const size_t side, const float *x, size_t apart, const float *bias,
                                const struct winograd_place *to, size_t first, const size_t lanes)
{
    vector t[36], y[16];
#pragma GCC unroll 9
    for (size_t c = 0; c < side; c++) {
        vector d[9];
#pragma GCC unroll 9
        for (size_t r = 0; r < side; r++)
            d[r] = vector_load_part(x + element(side, r, c) * apart, lanes);
        side == 6 ? output_line(d, 1, t + c, side) : output_line2(d, 1, t + c, side);
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < 4; r++)
        side == 6 ? output_line(t + r * side, 1, y + r * 4, 1)
                  : output_line2(t + r * side, 1, y + r * 4, 1);
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

VECTOR_INLINE void output(const size_t side, size_t n, const float *x, size_t apart,
                          const float *bias, const struct winograd_place *to)
{
    size_t c = 0;
    for (; c + LANES <= n; c += LANES)
        output_lanes(side, x + c, apart, bias + c, to, c, LANES);
    if (c < n)
        output_lanes(side, x + c, apart, bias + c, to, c, n - c);
}

static void input1(size_t channels, const float *x, size_t row, float *y, size_t apart)
{
    input(6, channels, x, row, y, apart);
}

static void input2(size_t channels, const float *x, size_t row, float *y, size_t apart)
{
    input(9, channels, x, row, y, apart);
}

static void output1(size_t n, const float *x, size_t apart, const float *bias,
                    const struct winograd_place *to)
{
    output(6, n, x, apart, bias, to);
}

static void output2(size_t n, const float *x, size_t apart, const float *bias,
                    const struct winograd_place *to)
{
    output(9, n, x, apart, bias, to);
}

const struct winograd_kernel ISA_NAME(winograd_kernel) = {{input1, input2}, {output1, output2}};
