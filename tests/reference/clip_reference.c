#include "tests/reference/clip_reference.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "tests/reference/reference.h"

enum { HEAD_WIDTH = 64, NAME_SIZE = 128 };

static const float *tensor(struct checkpoint *checkpoint, const char *prefix, const char *name)
{
    char full[NAME_SIZE];
    struct error error = {0};
    struct shape shape = {0};
    snprintf(full, sizeof full, "%s%s", prefix, name);
    checkpoint_shape(checkpoint, full, &shape);
    const float *data = checkpoint_tensor(checkpoint, full, shape, &error);
    if (!data) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    return data;
}

static float *new_floats(size_t count)
{
    float *floats = calloc(count, sizeof *floats);
    if (!floats)
        abort();
    return floats;
}

static void layer_norm(struct checkpoint *checkpoint, const char *prefix, size_t rows, size_t width,
                       const float *x, float *y)
{
    struct reference_norm norm = {width, tensor(checkpoint, prefix, "weight"),
                                  tensor(checkpoint, prefix, "bias"), 1e-5f};
    reference_layer_norm(&norm, rows, x, y);
}

/* out[n][d] = the attention of one head whose q, k and v begin at qkv; their rows are 3 d apart. */
static void attend(const float *qkv, size_t n, size_t d, bool causal, float *out)
{
    float *scores = new_floats(n);
    for (size_t i = 0; i < n; i++) {
        size_t keys = causal ? i + 1 : n;
        for (size_t k = 0; k < keys; k++) {
            double sum = 0;
            for (size_t e = 0; e < HEAD_WIDTH; e++)
                sum += (double)qkv[i * 3 * d + e] * qkv[k * 3 * d + d + e];
            scores[k] = (float)(sum / sqrt(HEAD_WIDTH));
        }
        reference_softmax(keys, scores);
        for (size_t e = 0; e < HEAD_WIDTH; e++) {
            double sum = 0;
            for (size_t k = 0; k < keys; k++)
                sum += (double)scores[k] * qkv[k * 3 * d + 2 * d + e];
            out[i * d + e] = (float)sum;
        }
    }
    free(scores);
}

/* x[n][d] += the attention or the MLP, whose result is y[n][d]. */
static void add(float *x, const float *y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] += y[i];
}

static void run_block(struct checkpoint *checkpoint, const char *prefix, size_t n, size_t d,
                      bool causal, float *x)
{
    char name[NAME_SIZE];
    float *y = new_floats(n * d), *wide = new_floats(n * 4 * d);
    snprintf(name, sizeof name, "%sln_1.", prefix);
    layer_norm(checkpoint, name, n, d, x, y);
    struct reference_linear qkv = {d, 3 * d, tensor(checkpoint, prefix, "attn.in_proj_weight"),
                                   tensor(checkpoint, prefix, "attn.in_proj_bias")};
    reference_linear(&qkv, n, y, wide);
    for (size_t head = 0; head < d; head += HEAD_WIDTH)
        attend(wide + head, n, d, causal, y + head);
    float *result = new_floats(n * d);
    struct reference_linear out = {d, d, tensor(checkpoint, prefix, "attn.out_proj.weight"),
                                   tensor(checkpoint, prefix, "attn.out_proj.bias")};
    reference_linear(&out, n, y, result);
    add(x, result, n * d);
    snprintf(name, sizeof name, "%sln_2.", prefix);
    layer_norm(checkpoint, name, n, d, x, y);
    struct reference_linear fc = {d, 4 * d, tensor(checkpoint, prefix, "mlp.c_fc.weight"),
                                  tensor(checkpoint, prefix, "mlp.c_fc.bias")};
    reference_linear(&fc, n, y, wide);
    for (size_t i = 0; i < n * 4 * d; i++)
        wide[i] = (float)(wide[i] / (1 + exp(-1.702 * wide[i])));
    struct reference_linear proj = {4 * d, d, tensor(checkpoint, prefix, "mlp.c_proj.weight"),
                                    tensor(checkpoint, prefix, "mlp.c_proj.bias")};
    reference_linear(&proj, n, wide, result);
    add(x, result, n * d);
    free(result);
    free(wide);
    free(y);
}

/* embedding[E] = normalised[d] @ projection[d][E] */
static void project(const float *projection, size_t d, size_t e, const float *normalised,
                    float *embedding)
{
    reference_matmul((struct matmul_shape){1, e, d}, matmul_rows(normalised, d),
                     matmul_rows(projection, e), matmul_set(embedding, e));
}

void clip_reference_image(struct checkpoint *checkpoint, const struct clip_reference_sizes *s,
                          const float *input, float *embedding)
{
    size_t d = s->image_width, side = s->patch * s->grid, patches = s->grid * s->grid;
    float *planes = new_floats(d * patches), *x = new_floats((patches + 1) * d);
    struct reference_conv conv = {.in = 3,
                                  .out = d,
                                  .kernel = s->patch,
                                  .stride = s->patch,
                                  .groups = 1,
                                  .weight = tensor(checkpoint, "visual.", "conv1.weight")};
    reference_convolve(&conv, side, side, input, planes);
    memcpy(x, tensor(checkpoint, "visual.", "class_embedding"), d * sizeof(float));
    for (size_t p = 0; p < patches; p++)
        for (size_t i = 0; i < d; i++)
            x[(p + 1) * d + i] = planes[i * patches + p];
    add(x, tensor(checkpoint, "visual.", "positional_embedding"), (patches + 1) * d);
    layer_norm(checkpoint, "visual.ln_pre.", patches + 1, d, x, x);
    for (size_t b = 0; b < s->image_depth; b++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "visual.transformer.resblocks.%zu.", b);
        run_block(checkpoint, prefix, patches + 1, d, false, x);
    }
    layer_norm(checkpoint, "visual.ln_post.", 1, d, x, x);
    project(tensor(checkpoint, "", "visual.proj"), d, s->embedding, x, embedding);
    free(planes);
    free(x);
}

void clip_reference_text(struct checkpoint *checkpoint, const struct clip_reference_sizes *s,
                         const int32_t *tokens, float *embedding)
{
    size_t d = s->text_width, end = 0;
    float *x = new_floats(s->context * d);
    for (size_t i = 0; i < s->context; i++) {
        memcpy(x + i * d, tensor(checkpoint, "", "token_embedding.weight") + (size_t)tokens[i] * d,
               d * sizeof(float));
        if (tokens[i] > tokens[end])
            end = i;
    }
    add(x, tensor(checkpoint, "", "positional_embedding"), s->context * d);
    for (size_t b = 0; b < s->text_depth; b++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "transformer.resblocks.%zu.", b);
        run_block(checkpoint, prefix, s->context, d, true, x);
    }
    layer_norm(checkpoint, "ln_final.", 1, d, x + end * d, x + end * d);
    project(tensor(checkpoint, "", "text_projection"), d, s->embedding, x + end * d, embedding);
    free(x);
}
