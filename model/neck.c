#include "model/neck.h"

#include "model/checkpoint/checkpoint.h"
#include "model/kernels/kernels.h"

int neck_pack(struct neck *neck, struct neck_weights *weights, struct checkpoint *checkpoint,
              enum isa isa, struct error *error)
{
    *neck = (struct neck){0};
    struct matmul_view conv1 = matmul_transposed(weights->conv1, weights->in);
    if (matmul_pack(&neck->conv1, isa, weights->in, weights->out, conv1, NULL, "neck", error) < 0)
        return -1;
    if (conv3_pack(&neck->conv2, isa, weights->out, weights->out, 1, weights->conv2, NULL, error) <
        0)
        return -1;
    checkpoint_release(checkpoint, "image_encoder.neck.0.weight");
    checkpoint_release(checkpoint, "image_encoder.neck.2.weight");
    weights->conv1 = weights->conv2 = NULL;
    neck->weights = *weights;
    return 0;
}

void neck_free(struct neck *neck)
{
    matmul_packed_free(&neck->conv1);
    conv3_free(&neck->conv2);
}

void neck_layout(struct neck_scratch *scratch, const struct neck *neck, struct arena *arena)
{
    size_t g = neck->weights.grid, c = neck->weights.out;
    scratch->inner = (struct plane){arena_take(arena, plane_size(g, c), sizeof(float)), g, c};
    scratch->rows = arena_take(arena, g * g * c, sizeof(float));
}

/* One row of the grid through the first convolution. */
static void first_half(const struct neck *neck, const struct neck_scratch *scratch, size_t row,
                       const float *x)
{
    const struct neck_weights *w = &neck->weights;
    size_t c = w->out;
    float *to = plane_at(&scratch->inner, (long)row, 0);
    matmul_columns(w->grid, x, w->in, &neck->conv1, 0, c, false, to, c);
    kernels_for(neck->conv1.isa)
        ->layer_norm(w->grid, c, to, c, w->norm1_weight, w->norm1_bias, NECK_NORM_EPS, to, c);
}

/* One row of the grid through the second, and into the planes of the embedding. */
static void second_half(const struct neck *neck, const struct neck_scratch *scratch, size_t row,
                        float *embedding)
{
    const struct neck_weights *w = &neck->weights;
    size_t c = w->out, g = w->grid;
    float *to = scratch->rows + row * g * c;
    conv3_row(&neck->conv2, &scratch->inner, row, to);
    kernels_for(neck->conv1.isa)
        ->layer_norm(g, c, to, c, w->norm2_weight, w->norm2_bias, NECK_NORM_EPS, to, c);
    for (size_t channel = 0; channel < c; channel++)
        for (size_t i = 0; i < g; i++)
            embedding[channel * g * g + row * g + i] = to[i * c + channel];
}

void neck_run(const struct neck *neck, const struct neck_scratch *scratch, const float *x,
              size_t x_row, int threads, float *embedding)
{
    size_t g = neck->weights.grid;
    plane_clear_frame(&scratch->inner);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < g; row++)
        first_half(neck, scratch, row, x + row * x_row);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < g; row++)
        second_half(neck, scratch, row, embedding);
}
