#include "model/decoder/layers.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"

enum { NAME_SIZE = 160 };

static int load_pair(struct checkpoint *checkpoint, const char *prefix, const float **weight,
                     struct shape shape, const float **bias, int out, struct error *error)
{
    const struct checkpoint_want wants[] = {
        {weight, "weight", shape},
        {bias, "bias", shape_1d(out)},
    };
    return checkpoint_tensors(checkpoint, prefix, wants, 2, error);
}

int linear_load(struct linear *linear, struct checkpoint *checkpoint, const char *prefix, int in,
                int out, enum isa isa, struct error *error)
{
    *linear = (struct linear){.in = in, .out = out};
    if (load_pair(checkpoint, prefix, &linear->weight, shape_2d(out, in), &linear->bias, out,
                  error))
        return -1;
    return matmul_pack(&linear->packed, isa, matmul_linear(in, out, linear->weight, linear->bias),
                       "weights of the mask decoder", error);
}

void linear_free(struct linear *linear)
{
    matmul_packed_free(&linear->packed);
}

void linear_apply(const struct linear *linear, int rows, const float *x, int x_row, float *y)
{
    matmul_packed(rows, matmul_rows(x, x_row), &linear->packed, matmul_set(y, linear->out));
}

int norm_load(struct norm *norm, struct checkpoint *checkpoint, const char *prefix, int width,
              struct error *error)
{
    norm->width = width;
    return load_pair(checkpoint, prefix, &norm->gain, shape_1d(width), &norm->shift, width, error);
}

int convolution_load(struct convolution *convolution, struct checkpoint *checkpoint,
                     const char *prefix, int in, int out, struct error *error)
{
    convolution->in = in;
    convolution->out = out;
    return load_pair(checkpoint, prefix, &convolution->weight, shape_4d(out, in, 2, 2),
                     &convolution->bias, out, error);
}

int convolution_transposed_load(struct convolution *convolution, struct checkpoint *checkpoint,
                                const char *prefix, int in, int out, struct error *error)
{
    convolution->in = in;
    convolution->out = out;
    return load_pair(checkpoint, prefix, &convolution->weight, shape_4d(in, out, 2, 2),
                     &convolution->bias, out, error);
}

int known_shape(const struct checkpoint *checkpoint, const char *name, int rank,
                struct shape *shape, struct error *error)
{
    if (!checkpoint_shape(checkpoint, name, shape))
        return error_set(error, ERROR_MODEL, "tensor %s is missing", name);
    bool positive = shape->rank == rank;
    for (int i = 0; positive && i < rank; i++)
        positive = shape->size[i] > 0;
    char text[SHAPE_TEXT_SIZE];
    if (!positive)
        return error_set(error, ERROR_MODEL, "tensor %s is %s, expected %d positive sizes", name,
                         shape_text(shape, text), rank);
    return 0;
}

int tensor_size(const struct checkpoint *checkpoint, const char *name, int rank, int dimension,
                int max, struct error *error)
{
    struct shape shape;
    if (!checkpoint_shape(checkpoint, name, &shape))
        return error_set(error, ERROR_MODEL, "tensor %s is missing", name);
    char text[SHAPE_TEXT_SIZE];
    if (shape.rank != rank)
        return error_set(error, ERROR_MODEL, "tensor %s is %s, expected %d dimensions", name,
                         shape_text(&shape, text), rank);
    if (shape.size[dimension] < 1 || shape.size[dimension] > max)
        return error_set(error, ERROR_MODEL, "tensor %s is %s, expected 1 to %d for size %d", name,
                         shape_text(&shape, text), max, dimension);
    return (int)shape.size[dimension];
}

/* Whether PREFIX<index>.weight exists; `name` receives it. */
static bool has_layer(const struct checkpoint *checkpoint, const char *prefix, int index,
                      char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%s%d.weight", prefix, index);
    return checkpoint_shape(checkpoint, name, NULL);
}

int mlp_load(struct mlp *mlp, struct checkpoint *checkpoint, const char *prefix, int in, int out,
             enum isa isa, struct error *error)
{
    enum { HIDDEN_MAX = 1 << 16 };
    char name[NAME_SIZE];
    int depth = 0;
    while (depth < MLP_DEPTH_MAX && has_layer(checkpoint, prefix, depth, name))
        depth++;
    snprintf(name, sizeof name, "%s0.weight", prefix);
    int hidden = tensor_size(checkpoint, name, 2, 0, HIDDEN_MAX, error);
    if (hidden < 0)
        return -1;
    mlp->depth = depth;
    for (int i = 0; i < depth; i++) {
        snprintf(name, sizeof name, "%s%d.", prefix, i);
        if (linear_load(&mlp->layers[i], checkpoint, name, i == 0 ? in : hidden,
                        i == depth - 1 ? out : hidden, isa, error))
            return -1;
    }
    return 0;
}

void mlp_free(struct mlp *mlp)
{
    for (int i = 0; i < mlp->depth; i++)
        linear_free(&mlp->layers[i]);
}

int mlp_width(const struct mlp *mlp)
{
    int width = 0;
    for (int i = 0; i < mlp->depth; i++)
        width = mlp->layers[i].out > width ? mlp->layers[i].out : width;
    return width;
}

void mlp_apply(const struct mlp *mlp, int rows, const float *x, int x_row, float *scratch, float *y)
{
    size_t half = (size_t)rows * mlp_width(mlp);
    for (int i = 0; i < mlp->depth; i++) {
        const struct linear *layer = &mlp->layers[i];
        float *to = i == mlp->depth - 1 ? y : scratch + (i % 2) * half;
        linear_apply(layer, rows, x, x_row, to);
        if (i < mlp->depth - 1)
            relu_apply(to, (size_t)rows * layer->out);
        x = to;
        x_row = layer->out;
    }
}

void norm_apply(const struct norm *norm, float eps, int rows, float *x)
{
    int n = norm->width;
    for (int row = 0; row < rows; row++, x += n) {
        float mean = 0;
        float variance = 0;
        for (int i = 0; i < n; i++)
            mean += x[i];
        mean /= (float)n;
        for (int i = 0; i < n; i++)
            variance += (x[i] - mean) * (x[i] - mean);
        float scale = 1 / sqrtf(variance / (float)n + eps);
        for (int i = 0; i < n; i++)
            x[i] = (x[i] - mean) * scale * norm->gain[i] + norm->shift[i];
    }
}

void relu_apply(float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = x[i] > 0 ? x[i] : 0;
}
