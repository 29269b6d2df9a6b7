#include "model/neck.h"

#include "model/checkpoint.h"
#include "model/kernels.h"

/* Row `down` of the 3x3 kernel as one matrix [right, input][output]. */
static int pack_row(struct matmul_packed *packed, enum isa isa, const struct neck_weights *weights,
                    size_t down, struct error *error)
{
    size_t c = weights->out;
    float *row = memory_new(3 * c * c, sizeof(float), "neck", error);
    if (!row)
        return -1;
    for (size_t o = 0; o < c; o++)
        for (size_t i = 0; i < c; i++)
            for (size_t right = 0; right < 3; right++)
                row[(right * c + i) * c + o] = weights->conv2[((o * c + i) * 3 + down) * 3 + right];
    int status = matmul_pack(packed, isa, 3 * c, c, matmul_rows(row, c), NULL, "neck", error);
    memory_free(row);
    return status;
}

int neck_pack(struct neck *neck, struct neck_weights *weights, struct checkpoint *checkpoint,
              enum isa isa, struct error *error)
{
    *neck = (struct neck){0};
    struct matmul_view conv1 = matmul_transposed(weights->conv1, weights->in);
    if (matmul_pack(&neck->conv1, isa, weights->in, weights->out, conv1, NULL, "neck", error) < 0)
        return -1;
    for (size_t down = 0; down < 3; down++)
        if (pack_row(&neck->conv2[down], isa, weights, down, error) < 0)
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
    for (size_t down = 0; down < 3; down++)
        matmul_packed_free(&neck->conv2[down]);
}

void neck_layout(struct neck_scratch *scratch, const struct neck *neck, struct arena *arena)
{
    size_t g = neck->weights.grid;
    scratch->framed = arena_take(arena, (g + 2) * (g + 2) * neck->weights.out, sizeof(float));
    scratch->rows = arena_take(arena, g * g * neck->weights.out, sizeof(float));
}

/* One row of the grid through the first convolution, into the frame. */
static void first_half(const struct neck *neck, const struct neck_scratch *scratch, size_t row,
                       const float *x)
{
    const struct neck_weights *w = &neck->weights;
    size_t c = w->out;
    float *to = scratch->framed + ((row + 1) * (w->grid + 2) + 1) * c;
    matmul_columns(w->grid, x + row * w->grid * w->in, w->in, &neck->conv1, 0, c, false, to, c);
    kernels_for(neck->conv1.isa)
        ->layer_norm(w->grid, c, to, c, w->norm1_weight, w->norm1_bias, NECK_NORM_EPS, to, c);
}

/* One row of the grid through the second, from three rows of the frame into the planes. */
static void second_half(const struct neck *neck, const struct neck_scratch *scratch, size_t row,
                        float *embedding)
{
    const struct neck_weights *w = &neck->weights;
    size_t c = w->out, g = w->grid;
    float *to = scratch->rows + row * g * c;
    for (size_t down = 0; down < 3; down++)
        matmul_columns(g, scratch->framed + (row + down) * (g + 2) * c, c, &neck->conv2[down], 0, c,
                       down > 0, to, c);
    kernels_for(neck->conv1.isa)
        ->layer_norm(g, c, to, c, w->norm2_weight, w->norm2_bias, NECK_NORM_EPS, to, c);
    for (size_t channel = 0; channel < c; channel++)
        for (size_t i = 0; i < g; i++)
            embedding[channel * g * g + row * g + i] = to[i * c + channel];
}

void neck_run(const struct neck *neck, const struct neck_scratch *scratch, const float *x,
              int threads, float *embedding)
{
    size_t g = neck->weights.grid;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < g; row++)
        first_half(neck, scratch, row, x);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < g; row++)
        second_half(neck, scratch, row, embedding);
}
