#include "model/neck.h"

#include "model/checkpoint.h"
#include "model/known_shape.h"
#include "model/plain.h"

static const float NORM_EPS = 1e-6f; /* LayerNorm2d's default in the reference */

int neck_read(struct neck_weights *weights, struct checkpoint *checkpoint, size_t grid, size_t in,
              struct error *error)
{
    struct shape first;
    if (known_shape(checkpoint, "image_encoder.neck.0.weight", 4, &first, error) < 0)
        return -1;
    *weights = (struct neck_weights){.grid = grid, .in = in, .out = (size_t)first.size[0]};
    int64_t c = first.size[0];
    const struct checkpoint_want wants[] = {
        {&weights->conv1, "0.weight", shape_4d(c, (int64_t)in, 1, 1)},
        {&weights->norm1_weight, "1.weight", shape_1d(c)},
        {&weights->norm1_bias, "1.bias", shape_1d(c)},
        {&weights->conv2, "2.weight", shape_4d(c, c, 3, 3)},
        {&weights->norm2_weight, "3.weight", shape_1d(c)},
        {&weights->norm2_bias, "3.bias", shape_1d(c)},
    };
    return checkpoint_tensors(checkpoint, "image_encoder.neck.", wants,
                              sizeof wants / sizeof *wants, error);
}

void neck_plain_layout(struct neck_plain_scratch *scratch, const struct neck_weights *weights,
                       struct arena *arena)
{
    size_t n = weights->grid * weights->grid;
    scratch->before = arena_take(arena, n * weights->in, sizeof(float));
    scratch->inner = arena_take(arena, n * weights->out, sizeof(float));
}

void neck_plain(const struct neck_weights *weights, const struct neck_plain_scratch *scratch,
                const float *x, float *embedding)
{
    size_t n = weights->grid * weights->grid, c = weights->out;
    struct plain_conv conv1 = {.in = weights->in,
                               .out = c,
                               .kernel = 1,
                               .stride = 1,
                               .groups = 1,
                               .weight = weights->conv1};
    struct plain_conv conv2 = {.in = c,
                               .out = c,
                               .kernel = 3,
                               .stride = 1,
                               .padding = 1,
                               .groups = 1,
                               .weight = weights->conv2};
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < weights->in; d++)
            scratch->before[d * n + i] = x[i * weights->in + d];
    plain_convolve(&conv1, weights->grid, weights->grid, scratch->before, scratch->inner);
    plain_layer_norm_2d(c, n, scratch->inner, weights->norm1_weight, weights->norm1_bias, NORM_EPS,
                        scratch->inner);
    plain_convolve(&conv2, weights->grid, weights->grid, scratch->inner, embedding);
    plain_layer_norm_2d(c, n, embedding, weights->norm2_weight, weights->norm2_bias, NORM_EPS,
                        embedding);
}
