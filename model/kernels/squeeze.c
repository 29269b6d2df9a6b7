#include "model/kernels/squeeze.h"

#include <math.h>
#include <string.h>

void squeeze_sum(size_t rows, size_t channels, const float *x, float *sums)
{
    memset(sums, 0, channels * sizeof(float));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < channels; c++)
            sums[c] += x[r * channels + c];
}

void squeeze_scale(size_t rows, size_t channels, const float *gate, float *x)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < channels; c++)
            x[r * channels + c] *= gate[c];
}

/* bias + row[n] . x[n] */
static float product(size_t n, const float *row, const float *x, float bias)
{
    double sum = bias;
    for (size_t i = 0; i < n; i++)
        sum += (double)row[i] * x[i];
    return (float)sum;
}

void squeeze_gate(const struct squeeze *squeeze, size_t strips, size_t positions, const float *sums,
                  float *hidden, float *gate)
{
    size_t channels = squeeze->channels, reduced = squeeze->reduced;
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t s = 0; s < strips; s++)
            sum += sums[s * channels + c];
        gate[c] = (float)(sum / (double)positions); /* the mean, for now */
    }
    for (size_t r = 0; r < reduced; r++)
        hidden[r] = fmaxf(
            product(channels, squeeze->reduce + r * channels, gate, squeeze->reduce_bias[r]), 0);
    for (size_t c = 0; c < channels; c++) {
        float x =
            product(reduced, squeeze->restore + c * reduced, hidden, squeeze->restore_bias[c]);
        gate[c] = 1 / (1 + expf(-x));
    }
}
