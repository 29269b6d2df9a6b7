#include "tests/reference/neck_reference.h"

#include "tests/reference/reference.h"

void neck_reference_layout(struct neck_reference_scratch *scratch,
                           const struct neck_weights *weights, struct arena *arena)
{
    size_t n = weights->grid * weights->grid;
    scratch->before = arena_take(arena, n * weights->in, sizeof(float));
    scratch->inner = arena_take(arena, n * weights->out, sizeof(float));
}

void neck_reference_run(const struct neck_weights *weights,
                        const struct neck_reference_scratch *scratch, const float *x,
                        float *embedding)
{
    size_t n = weights->grid * weights->grid, c = weights->out;
    struct reference_conv conv1 = {.in = weights->in,
                                   .out = c,
                                   .kernel = 1,
                                   .stride = 1,
                                   .groups = 1,
                                   .weight = weights->conv1};
    struct reference_conv conv2 = {.in = c,
                                   .out = c,
                                   .kernel = 3,
                                   .stride = 1,
                                   .padding = 1,
                                   .groups = 1,
                                   .weight = weights->conv2};
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < weights->in; d++)
            scratch->before[d * n + i] = x[i * weights->in + d];
    struct reference_norm norm1 = {c, weights->norm1.weight, weights->norm1.bias, NECK_NORM_EPS};
    struct reference_norm norm2 = {c, weights->norm2.weight, weights->norm2.bias, NECK_NORM_EPS};
    reference_convolve(&conv1, weights->grid, weights->grid, scratch->before, scratch->inner);
    reference_layer_norm_2d(&norm1, n, scratch->inner, scratch->inner);
    reference_convolve(&conv2, weights->grid, weights->grid, scratch->inner, embedding);
    reference_layer_norm_2d(&norm2, n, embedding, embedding);
}
