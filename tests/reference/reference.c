#include "tests/reference/reference.h"

#include <math.h>

void reference_matmul(struct matmul_shape shape, struct matmul_view a, struct matmul_view b,
                      struct matmul_result c)
{
    for (size_t i = 0; i < shape.m; i++)
        for (size_t j = 0; j < shape.n; j++) {
            float *to = &c.data[i * c.row + j];
            double sum = c.add ? *to : 0;
            for (size_t p = 0; p < shape.k; p++)
                sum += (double)a.data[i * a.row + p * a.column] * b.data[p * b.row + j * b.column];
            *to = (float)sum;
        }
}

void reference_linear(const struct reference_linear *linear, size_t rows, const float *x, float *y)
{
    size_t in = linear->in, out = linear->out;
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < out; o++) {
            double sum = linear->bias ? linear->bias[o] : 0;
            for (size_t i = 0; i < in; i++)
                sum += (double)x[r * in + i] * linear->weight[o * in + i];
            y[r * out + o] = (float)sum;
        }
}

/* LayerNorm of numbers that lie `step` apart. */
static void normalise(const struct reference_norm *norm, size_t step, const float *x, float *y)
{
    size_t n = norm->width;
    double mean = 0, variance = 0;
    for (size_t i = 0; i < n; i++)
        mean += x[i * step];
    mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        variance += (x[i * step] - mean) * (x[i * step] - mean);
    variance /= (double)n;
    for (size_t i = 0; i < n; i++)
        y[i * step] = (float)((x[i * step] - mean) / sqrt(variance + norm->eps) * norm->weight[i] +
                              norm->bias[i]);
}

void reference_layer_norm(const struct reference_norm *norm, size_t rows, const float *x, float *y)
{
    for (size_t r = 0; r < rows; r++)
        normalise(norm, 1, x + r * norm->width, y + r * norm->width);
}

void reference_layer_norm_2d(const struct reference_norm *norm, size_t positions, const float *x,
                             float *y)
{
    for (size_t p = 0; p < positions; p++)
        normalise(norm, positions, x + p, y + p);
}

void reference_gelu(size_t n, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(x[i] * 0.5 * (1 + erf(x[i] * M_SQRT1_2)));
}

void reference_gelu_tanh(size_t n, float *x)
{
    for (size_t i = 0; i < n; i++) {
        double from = x[i];
        x[i] =
            (float)(from * 0.5 * (1 + tanh(sqrt(M_2_PI) * (from + 0.044715 * from * from * from))));
    }
}

void reference_softmax(size_t n, float *x)
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

/* Channels as planes. */
struct planes {
    const float *x;
    size_t height, width;
};

/* Channel `out` of the result at (row, column). */
static double convolve_at(const struct reference_conv *conv, const struct planes *planes,
                          size_t out, size_t row, size_t column)
{
    size_t k = conv->kernel, padding = conv->padding, depth = conv->in / conv->groups;
    size_t first = out / (conv->out / conv->groups) * depth;
    double sum = conv->bias ? conv->bias[out] : 0;
    for (size_t c = 0; c < depth; c++)
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < k; j++) {
                size_t r = row * conv->stride + i, s = column * conv->stride + j;
                if (r < padding || s < padding || r >= planes->height + padding ||
                    s >= planes->width + padding)
                    continue;
                size_t from = ((first + c) * planes->height + r - padding) * planes->width + s;
                sum += (double)planes->x[from - padding] *
                       conv->weight[((out * depth + c) * k + i) * k + j];
            }
    return sum;
}

void reference_convolve(const struct reference_conv *conv, size_t height, size_t width,
                        const float *x, float *y)
{
    struct planes planes = {x, height, width};
    size_t rows = (height + 2 * conv->padding - conv->kernel) / conv->stride + 1;
    size_t columns = (width + 2 * conv->padding - conv->kernel) / conv->stride + 1;
    for (size_t o = 0; o < conv->out; o++)
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < columns; c++)
                y[(o * rows + r) * columns + c] = (float)convolve_at(conv, &planes, o, r, c);
}
