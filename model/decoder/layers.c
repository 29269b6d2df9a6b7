#include "model/decoder/layers.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"

enum { NAME_SIZE = 160 };

/* Shapes of a weight and its bias. */
struct pair {
    struct shape weight, bias;
};

static int read_pair(const struct layer_source *from, const char *prefix, struct pair shapes,
                     const float **weight, const float **bias)
{
    const struct checkpoint_want wants[] = {
        {weight, "weight", shapes.weight},
        {bias, "bias", shapes.bias},
    };
    return checkpoint_tensors(from->checkpoint, prefix, wants, 2, from->error);
}

int linear_read(struct linear *linear, const struct layer_source *from, const char *prefix, int in,
                int out)
{
    *linear = (struct linear){.in = in, .out = out};
    return read_pair(from, prefix, (struct pair){shape_2d(out, in), shape_1d(out)}, &linear->weight,
                     &linear->bias);
}

int linear_load(struct linear *linear, const struct layer_source *from, const char *prefix, int in,
                int out)
{
    if (linear_read(linear, from, prefix, in, out))
        return -1;
    return matmul_pack(&linear->packed, from->isa,
                       matmul_linear(in, out, linear->weight, linear->bias), from->what,
                       from->error);
}

int linear_pack_half16(struct linear *linear, const struct half16_kernel *half16, const char *what,
                       struct error *error)
{
    matmul_packed_free(&linear->packed);
    return matmul_pack_half16(&linear->packed, half16,
                              matmul_linear(linear->in, linear->out, linear->weight, linear->bias),
                              what, error);
}

void linear_free(struct linear *linear)
{
    matmul_packed_free(&linear->packed);
}

void linear_apply(const struct linear *linear, int rows, const float *x, int x_row, float *y)
{
    matmul_packed(rows, matmul_rows(x, x_row), &linear->packed, matmul_set(y, linear->out));
}

int norm_load(struct norm *norm, const struct layer_source *from, const char *prefix, int width)
{
    norm->width = width;
    return read_pair(from, prefix, (struct pair){shape_1d(width), shape_1d(width)}, &norm->weight,
                     &norm->bias);
}

int convolution_load(struct convolution *convolution, const struct layer_source *from,
                     const char *prefix, int in, int out)
{
    convolution->in = in;
    convolution->out = out;
    return read_pair(from, prefix, (struct pair){shape_4d(out, in, 2, 2), shape_1d(out)},
                     &convolution->weight, &convolution->bias);
}

int convolution_transposed_load(struct convolution *convolution, const struct layer_source *from,
                                const char *prefix, int in, int out)
{
    convolution->in = in;
    convolution->out = out;
    return read_pair(from, prefix, (struct pair){shape_4d(in, out, 2, 2), shape_1d(out)},
                     &convolution->weight, &convolution->bias);
}

int known_shape(const struct checkpoint *checkpoint, const char *name, int rank,
                struct shape *shape, struct error *error)
{
    char own[CHECKPOINT_NAME_SIZE];
    if (!checkpoint_shape(checkpoint, name, shape))
        return error_set(error, ERROR_MODEL, "tensor %s is missing, expected with %d sizes",
                         checkpoint_own_name(checkpoint, name, own), rank);
    bool fits = shape->rank == rank;
    for (int i = 0; fits && i < rank; i++)
        fits = shape->size[i] >= 1 && shape->size[i] <= KNOWN_SIZE_MAX;
    char text[SHAPE_TEXT_SIZE];
    if (!fits)
        return error_set(error, ERROR_MODEL, "tensor %s is %s, expected %d sizes of 1 to %d",
                         checkpoint_own_name(checkpoint, name, own), shape_text(shape, text), rank,
                         KNOWN_SIZE_MAX);
    return 0;
}

/* Whether PREFIX<index>.weight exists; `name` receives it. */
static bool has_layer(const struct checkpoint *checkpoint, const char *prefix, int index,
                      char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%s%d.weight", prefix, index);
    return checkpoint_shape(checkpoint, name, NULL);
}

int mlp_load(struct mlp *mlp, const struct layer_source *from, const char *prefix, int in, int out)
{
    char name[NAME_SIZE];
    struct shape first;
    int depth = 0;
    while (depth < MLP_DEPTH_MAX && has_layer(from->checkpoint, prefix, depth, name))
        depth++;
    snprintf(name, sizeof name, "%s0.weight", prefix);
    if (known_shape(from->checkpoint, name, 2, &first, from->error))
        return -1;
    int hidden = (int)first.size[0];
    /* What gives the hidden layer instead of the result has another one behind it, which is
     * missing. */
    snprintf(name, sizeof name, "%s%d.weight", prefix, depth - 1);
    struct shape last = {0};
    checkpoint_shape(from->checkpoint, name, &last);
    if (depth < MLP_DEPTH_MAX && last.size[0] == hidden && hidden != out)
        depth++;
    mlp->depth = depth;
    for (int i = 0; i < depth; i++) {
        snprintf(name, sizeof name, "%s%d.", prefix, i);
        if (linear_load(&mlp->layers[i], from, name, i == 0 ? in : hidden,
                        i == depth - 1 ? out : hidden))
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
            (mlp->gelu ? gelu_apply : relu_apply)(to, (size_t)rows * layer->out);
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
            x[i] = (x[i] - mean) * scale * norm->weight[i] + norm->bias[i];
    }
}

void relu_apply(float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = x[i] > 0 ? x[i] : 0;
}

void gelu_apply(float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = 0.5f * x[i] * (1 + erff(x[i] * (float)M_SQRT1_2));
}
