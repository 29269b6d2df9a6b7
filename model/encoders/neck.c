#include "model/encoders/neck.h"

#include "model/checkpoint/checkpoint.h"
#include "model/kernels/kernels.h"

int neck_read(struct neck_weights *weights, struct checkpoint *checkpoint, size_t grid, size_t in,
              struct error *error)
{
    struct shape first;
    if (known_shape(checkpoint, "image_encoder.neck.0.weight", 4, &first, error) < 0)
        return -1;
    *weights = (struct neck_weights){.grid = grid, .in = in, .out = (size_t)first.size[0]};
    const int c = (int)first.size[0];
    const struct layer_source from = {.checkpoint = checkpoint, .error = error};
    const struct checkpoint_want convs[] = {
        {&weights->conv1, "0.weight", shape_4d(c, (int64_t)in, 1, 1)},
        {&weights->conv2, "2.weight", shape_4d(c, c, 3, 3)},
    };
    if (checkpoint_tensors(checkpoint, "image_encoder.neck.", convs, 2, error) < 0 ||
        norm_load(&weights->norm1, &from, "image_encoder.neck.1.", c) < 0)
        return -1;
    return norm_load(&weights->norm2, &from, "image_encoder.neck.3.", c);
}

int neck_pack(struct neck *neck, struct neck_weights *weights, struct checkpoint *checkpoint,
              enum isa isa, struct error *error)
{
    *neck = (struct neck){0};
    struct matmul_right conv1 = matmul_linear(weights->in, weights->out, weights->conv1, NULL);
    struct conv3_weights conv2 = {weights->out, weights->out, 1, weights->conv2, NULL};
    if (matmul_pack(&neck->conv1, isa, conv1, "neck", error) < 0 ||
        conv3_pack(&neck->conv2, isa, &conv2, error) < 0)
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

/* The first convolution and its norm, for one row of the grid. */
static void first_half(const struct neck *neck, const struct neck_scratch *scratch, size_t row,
                       const float *x)
{
    const struct neck_weights *w = &neck->weights;
    size_t c = w->out;
    float *to = plane_at(&scratch->inner, (long)row, 0);
    struct layer_norm norm = {c, w->norm1.weight, w->norm1.bias, NECK_NORM_EPS};
    matmul_packed(w->grid, matmul_rows(x, w->in), &neck->conv1, matmul_set(to, c));
    kernels_for(neck->conv1.isa)->layer_norm(&norm, w->grid, to, c, to, c);
}

/* The second convolution and its norm, for one row of the grid; stored as channel planes. */
static void second_half(const struct neck *neck, const struct neck_scratch *scratch, size_t row,
                        float *embedding)
{
    const struct neck_weights *w = &neck->weights;
    size_t c = w->out, g = w->grid;
    float *to = scratch->rows + row * g * c;
    struct layer_norm norm = {c, w->norm2.weight, w->norm2.bias, NECK_NORM_EPS};
    conv3_row(&neck->conv2, &scratch->inner, row, to);
    kernels_for(neck->conv1.isa)->layer_norm(&norm, g, to, c, to, c);
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
