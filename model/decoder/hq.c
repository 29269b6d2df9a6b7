#include "model/decoder/hq.h"

#include <assert.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "model/kernels/kernels.h"

enum { TAPS = 9, NAME_SIZE = 128 };

static int upscaled_channels(const struct hq_tensors *hq)
{
    return hq->embed_dim / 8;
}

static size_t low_size(const struct hq_tensors *hq)
{
    return 4 * (size_t)hq->grid;
}

/* Packs weight[in][out][2][2] as [in][4 out], the bias four times. */
static int pack_transposed(struct matmul_packed *packed, const struct layer_source *from,
                           const struct convolution *conv)
{
    size_t in = (size_t)conv->in, out = (size_t)conv->out;
    float *rows = memory_new((in + 1) * out, 4 * sizeof(float), from->what, from->error);
    if (!rows)
        return -1;
    float *bias = rows + in * 4 * out;
    for (size_t i = 0; i < in; i++)
        for (size_t o = 0; o < out; o++)
            for (size_t s = 0; s < 4; s++)
                rows[(i * 4 + s) * out + o] = conv->weight[(i * out + o) * 4 + s];
    for (size_t s = 0; s < 4; s++)
        memcpy(bias + s * out, conv->bias, out * sizeof *bias);
    struct matmul_right right = {in, 4 * out, matmul_rows(rows, 4 * out), bias};
    int status = matmul_pack(packed, from->isa, right, from->what, from->error);
    memory_free(rows);
    return status;
}

static int load_upscaling(struct hq_upscaling *upscaling, const struct layer_source *from,
                          const char *prefix, int out)
{
    const int sizes[3] = {upscaling->in, upscaling->hidden, out};
    char name[NAME_SIZE];
    for (int i = 0; i < 2; i++) {
        struct convolution conv;
        snprintf(name, sizeof name, "mask_decoder.%s.%d.", prefix, i ? 3 : 0);
        if (convolution_transposed_load(&conv, from, name, sizes[i], sizes[i + 1]) ||
            pack_transposed(&upscaling->conv[i], from, &conv))
            return -1;
    }
    snprintf(name, sizeof name, "mask_decoder.%s.1.", prefix);
    return norm_load(&upscaling->norm, from, name, upscaling->hidden);
}

static int load_mask_feature(struct hq_tensors *hq, const struct layer_source *from)
{
    int up = upscaled_channels(hq), hidden = hq->embed_dim / 4;
    struct conv3_weights first = {.in = (size_t)up, .out = (size_t)hidden, .stride = 1};
    const struct checkpoint_want wants[] = {
        {&first.weight, "0.weight", shape_4d(hidden, up, 3, 3)},
        {&first.bias, "0.bias", shape_1d(hidden)},
        {&hq->last_weight, "3.weight", shape_4d(up, hidden, 3, 3)},
        {&hq->last_bias, "3.bias", shape_1d(up)},
    };
    if (checkpoint_tensors(from->checkpoint, "mask_decoder.embedding_maskfeature.", wants,
                           sizeof wants / sizeof *wants, from->error) ||
        norm_load(&hq->mask_norm, from, "mask_decoder.embedding_maskfeature.1.", hidden))
        return -1;
    return conv3_pack(&hq->mask_conv, from->isa, &first, from->error);
}

int hq_load(struct hq_tensors *hq, const struct layer_source *from, int embed_dim, int grid,
            int early_channels)
{
    int up = embed_dim / 8;
    *hq = (struct hq_tensors){
        .early_channels = early_channels,
        .embed_dim = embed_dim,
        .grid = grid,
        .isa = from->isa,
        .early = {.in = early_channels, .hidden = embed_dim},
        .embedding = {.in = embed_dim, .hidden = embed_dim / 4},
    };
    hq->token = checkpoint_tensor(from->checkpoint, "mask_decoder.hf_token.weight",
                                  shape_2d(1, embed_dim), from->error);
    if (!hq->token || mlp_load(&hq->mlp, from, "mask_decoder.hf_mlp.layers.", embed_dim, up) ||
        load_upscaling(&hq->early, from, "compress_vit_feat", up) ||
        load_upscaling(&hq->embedding, from, "embedding_encoder", up))
        return -1;
    return load_mask_feature(hq, from);
}

void hq_free(struct hq_tensors *hq)
{
    mlp_free(&hq->mlp);
    for (int i = 0; i < 2; i++) {
        matmul_packed_free(&hq->early.conv[i]);
        matmul_packed_free(&hq->embedding.conv[i]);
    }
    conv3_free(&hq->mask_conv);
}

/* One row of the grid: its embedding [G][C], the hidden layer [G][4][C] of either upscaling, and
 * the result [G][4][4][U]. */
static size_t row_scratch(const struct hq_tensors *hq)
{
    size_t c = (size_t)hq->embed_dim;
    return (size_t)hq->grid * (c + 4 * c + 2 * c);
}

size_t hq_features_scratch(const struct hq_tensors *hq)
{
    return HQ_THREADS * row_scratch(hq);
}

/* y[G][4][4][U] of x[G][in] through `hidden`, added to y if `add`. */
static void upscale_row(const struct hq_tensors *hq, const struct hq_upscaling *upscaling,
                        const float *x, float *hidden, struct matmul_result y)
{
    size_t g = (size_t)hq->grid, h = (size_t)upscaling->hidden;
    const struct kernels *kernels = kernels_for(hq->isa);
    const struct layer_norm norm = {h, upscaling->norm.weight, upscaling->norm.bias,
                                    LAYER_NORM_2D_EPS};
    matmul_packed(g, matmul_rows(x, (size_t)upscaling->in), &upscaling->conv[0],
                  matmul_set(hidden, 4 * h));
    kernels->layer_norm(&norm, 4 * g, hidden, h, hidden, h);
    kernels->gelu(1, 4 * g * h, hidden, 0);
    matmul_packed(4 * g, matmul_rows(hidden, h), &upscaling->conv[1], y);
}

/* Four rows of features from pixels[G][2 dy][2 dx][2 ey][2 ex][U] of row `row` of the grid. */
static void place_row(const struct hq_tensors *hq, size_t row, const float *pixels, float *features)
{
    size_t l = low_size(hq), up = (size_t)upscaled_channels(hq);
    for (size_t i = 0; i < 16 * (size_t)hq->grid; i++, pixels += up) {
        size_t y = 4 * row + 2 * (i >> 3 & 1) + (i >> 1 & 1);
        size_t x = 4 * (i >> 4) + 2 * (i >> 2 & 1) + (i & 1);
        memcpy(features + (y * l + x) * up, pixels, up * sizeof *pixels);
    }
}

/* Row `row` of the grid: four rows of features. */
static void features_row(const struct hq_tensors *hq, const float *embedding, const float *early,
                         size_t row, float *scratch, float *features)
{
    size_t g = (size_t)hq->grid, c = (size_t)hq->embed_dim;
    size_t up4 = 4 * (size_t)upscaled_channels(hq);
    float *x = scratch, *hidden = x + g * c, *pixels = hidden + 4 * g * c;
    for (size_t i = 0; i < c; i++)
        for (size_t j = 0; j < g; j++)
            x[j * c + i] = embedding[(i * g + row) * g + j];
    upscale_row(hq, &hq->embedding, x, hidden, matmul_set(pixels, up4));
    upscale_row(hq, &hq->early, early + row * g * (size_t)hq->early_channels, hidden,
                matmul_add(pixels, up4));
    place_row(hq, row, pixels, features);
}

void hq_features(const struct hq_tensors *hq, const float *embedding, const float *early,
                 int threads, float *scratch, float *features)
{
    const int used = threads < HQ_THREADS ? threads : HQ_THREADS;
#pragma omp parallel for num_threads(used) schedule(dynamic)
    for (size_t row = 0; row < (size_t)hq->grid; row++) {
        int thread = omp_get_thread_num();
        assert(thread < used); /* the scratch has no room for more */
        features_row(hq, embedding, early, row, scratch + (size_t)thread * row_scratch(hq),
                     features);
    }
}

void hq_layout(struct hq_scratch *scratch, const struct hq_tensors *hq, struct arena *arena)
{
    size_t l = low_size(hq), hidden = (size_t)hq->embed_dim / 4;
    scratch->upscaled =
        arena_take(arena, plane_size(l, (size_t)upscaled_channels(hq)), sizeof(float));
    scratch->hyper = arena_floats(arena, (size_t)upscaled_channels(hq), 1);
    scratch->mask = arena_floats(arena, l, l);
    scratch->row = arena_floats(arena, l, hidden);
    scratch->taps = arena_floats(arena, hidden, TAPS);
    scratch->products = arena_floats(arena, l, TAPS);
}

struct plane hq_upscaled(const struct hq_tensors *hq, const struct hq_scratch *scratch)
{
    return (struct plane){scratch->upscaled, low_size(hq), (size_t)upscaled_channels(hq)};
}

/* taps[C/4][9] = hyper . last_weight, and the returned bias = hyper . last_bias. */
static float fold_last(const struct hq_tensors *hq, const float *hyper, float *taps)
{
    size_t up = (size_t)upscaled_channels(hq), count = (size_t)hq->embed_dim / 4 * TAPS;
    float bias = 0;
    memset(taps, 0, count * sizeof *taps);
    for (size_t o = 0; o < up; o++) {
        bias += hyper[o] * hq->last_bias[o];
        for (size_t i = 0; i < count; i++)
            taps[i] += hyper[o] * hq->last_weight[o * count + i];
    }
    return bias;
}

/* Adds row `y` of the hidden layer, times the taps, to the pixels around it: tap (i, j) of a pixel
 * counts for the one i - 1 rows above and j - 1 columns to the left. */
static void spread(size_t l, size_t y, const float *products, float *logits)
{
    for (size_t i = 0; i < 3; i++) {
        if (y + 1 < i || y + 1 - i >= l)
            continue;
        float *row = logits + (y + 1 - i) * l;
        for (size_t j = 0; j < 3; j++)
            for (size_t x = j > 1; x < l - (j < 1); x++)
                row[x + 1 - j] += products[x * TAPS + i * 3 + j];
    }
}

void hq_mask(const struct hq_tensors *hq, const struct hq_scratch *scratch, const float *features)
{
    size_t l = low_size(hq), up = (size_t)upscaled_channels(hq);
    size_t hidden = (size_t)hq->embed_dim / 4;
    const struct plane upscaled = hq_upscaled(hq, scratch);
    const struct kernels *kernels = kernels_for(hq->isa);
    const struct layer_norm norm = {hidden, hq->mask_norm.weight, hq->mask_norm.bias,
                                    LAYER_NORM_2D_EPS};
    float *logits = scratch->mask;
    float bias = fold_last(hq, scratch->hyper, scratch->taps);
    matmul(hq->isa, (struct matmul_shape){l * l, 1, up}, matmul_rows(features, up),
           matmul_rows(scratch->hyper, 1), matmul_set(logits, 1));
    for (size_t i = 0; i < l * l; i++)
        logits[i] += bias;
    for (size_t y = 0; y < l; y++) {
        conv3_row(&hq->mask_conv, &upscaled, y, scratch->row);
        kernels->layer_norm(&norm, l, scratch->row, hidden, scratch->row, hidden);
        kernels->gelu(1, l * hidden, scratch->row, 0);
        matmul(hq->isa, (struct matmul_shape){l, TAPS, hidden}, matmul_rows(scratch->row, hidden),
               matmul_rows(scratch->taps, TAPS), matmul_set(scratch->products, TAPS));
        spread(l, y, scratch->products, logits);
    }
}
