#include "tests/reference/repvit_trunk_reference.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "tests/reference/reference.h"

/* Planes of the largest activation of any step. */
struct activations {
    float *x, *a, *b;
};

static size_t largest(const struct repvit_weights *w)
{
    size_t half = w->image_size / 2, quarter = w->image_size / 4;
    size_t most = larger(half * half * w->stem1.out, quarter * quarter * w->stem2.out);
    for (size_t i = 0; i < w->count; i++) {
        const struct repvit_block_weights *b = &w->blocks[i];
        size_t widest = larger(b->local.out, larger(b->expand.out, b->project.out));
        most = larger(most, b->side * b->side * widest);
    }
    return most;
}

/* y[out][side / stride][side / stride] of x[in][side][side]. */
static void convolve(const struct conv *conv, size_t side, const float *x, float *y)
{
    struct reference_conv reference = {.in = conv->in,
                                       .out = conv->out,
                                       .kernel = conv->kernel,
                                       .stride = conv->stride,
                                       .padding = conv->kernel / 2,
                                       .groups = conv->groups,
                                       .weight = conv->weight,
                                       .bias = conv->bias};
    reference_convolve(&reference, side, side, x, y);
}

static double product(size_t n, const float *row, const double *x, float bias)
{
    double sum = bias;
    for (size_t i = 0; i < n; i++)
        sum += row[i] * x[i];
    return sum;
}

/* x[channels][n] times the gate of each channel; `mean` and `hidden` have room for its numbers. */
static void apply_squeeze(const struct squeeze *squeeze, size_t n, double *mean, double *hidden,
                          float *x)
{
    size_t channels = squeeze->channels, reduced = squeeze->reduced;
    for (size_t c = 0; c < channels; c++) {
        mean[c] = 0;
        for (size_t i = 0; i < n; i++)
            mean[c] += x[c * n + i] / (double)n;
    }
    for (size_t r = 0; r < reduced; r++)
        hidden[r] = fmax(
            product(channels, squeeze->reduce + r * channels, mean, squeeze->reduce_bias[r]), 0);
    for (size_t c = 0; c < channels; c++) {
        double gate = 1 / (1 + exp(-product(reduced, squeeze->restore + c * reduced, hidden,
                                            squeeze->restore_bias[c])));
        for (size_t i = 0; i < n; i++)
            x[c * n + i] = (float)(x[c * n + i] * gate);
    }
}

/* x -> x */
static int run_block(const struct repvit_block_weights *block, const struct activations *at,
                     struct error *error)
{
    size_t n = block->side * block->side, before = block->side * block->local.stride;
    convolve(&block->local, before, at->x, at->a);
    if (block->squeeze.reduced) {
        double *numbers = memory_new(block->squeeze.channels + block->squeeze.reduced,
                                     sizeof(double), "reference encoder", error);
        if (!numbers)
            return -1;
        apply_squeeze(&block->squeeze, n, numbers, numbers + block->squeeze.channels, at->a);
        memory_free(numbers);
    }
    if (block->widen.out)
        convolve(&block->widen, block->side, at->a, at->x);
    else
        memcpy(at->x, at->a, n * block->local.out * sizeof(float));
    convolve(&block->expand, block->side, at->x, at->a);
    reference_gelu(n * block->expand.out, at->a);
    convolve(&block->project, block->side, at->a, at->b);
    for (size_t i = 0; i < n * block->project.out; i++)
        at->x[i] += at->b[i];
    return 0;
}

static int run(const struct repvit_weights *w, const struct activations *at, const float *input,
               float *const *levels, struct error *error)
{
    size_t half = w->image_size / 2;
    convolve(&w->stem1, w->image_size, input, at->a);
    reference_gelu(half * half * w->stem1.out, at->a);
    convolve(&w->stem2, half, at->a, at->x);
    for (size_t stage = 0, i = 0; stage < w->stages; stage++) {
        for (; i < w->ends[stage]; i++)
            if (run_block(&w->blocks[i], at, error) < 0)
                return -1;
        const struct repvit_block_weights *last = &w->blocks[i - 1];
        memcpy(levels[stage], at->x, last->side * last->side * last->project.out * sizeof(float));
    }
    return 0;
}

int repvit_trunk_reference(const struct repvit_weights *weights, const float *input,
                           float *const *levels, struct error *error)
{
    static const char what[] = "reference encoder";
    size_t most = largest(weights);
    struct activations at = {memory_new(most, sizeof(float), what, error),
                             memory_new(most, sizeof(float), what, error),
                             memory_new(most, sizeof(float), what, error)};
    int status = at.x && at.a && at.b ? run(weights, &at, input, levels, error) : -1;
    memory_free(at.x);
    memory_free(at.a);
    memory_free(at.b);
    return status;
}
