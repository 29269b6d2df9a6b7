/* Loading the TinyViT image encoder: packs the tensors for the products. */
#include "model/encoders/tinyvit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/checkpoint/checkpoint.h"
#include "model/encoders/conv_norm.h"
#include "model/kernels/matmul_kernel.h"

/* padded[H][3][E] = q, k and v of norm(0), which is the bias of the norm. */
static int project_padding(struct tinyvit_packed_block *packed, const struct tinyvit_block *block,
                           const struct tinyvit_stage *stage, struct error *error)
{
    size_t d = stage->width;
    packed->padded = memory_new(3 * d, sizeof(float), "encoder block", error);
    if (!packed->padded)
        return -1;
    for (size_t i = 0; i < 3 * d; i++) {
        double sum = 0;
        for (size_t j = 0; j < d; j++)
            sum += (double)block->norm.bias[j] * block->qkv.weight[i * d + j];
        packed->padded[i] = (float)sum + block->qkv.bias[i];
    }
    return 0;
}

static size_t apart(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

/* table[strips][window^2][width] of one head, zeroed before: lanes past the last query stay zero.
 */
static void fill_biases(size_t window, size_t width, const float *biases, float *table)
{
    size_t keys = window * window, query = 0;
    for (size_t row = 0; row < window; row++)
        for (size_t column = 0; column < window; column++, query++) {
            float *to = table + query / width * width * keys + query % width;
            for (size_t r = 0; r < window; r++)
                for (size_t c = 0; c < window; c++, to += width)
                    *to = biases[apart(row, r) * window + apart(column, c)] * (float)M_LOG2E;
        }
}

size_t tinyvit_biases(size_t window, size_t width)
{
    size_t keys = window * window;
    return window < width ? (keys + width - 1) / width * width * keys
                          : window * attention_distances_row(window, width);
}

static int pack_biases(struct tinyvit_packed_block *packed, const struct tinyvit_block *block,
                       const struct tinyvit_stage *stage, enum isa isa, struct error *error)
{
    size_t window = stage->window, width = matmul_kernel(isa)->width;
    size_t size = tinyvit_biases(window, width);
    packed->biases = memory_new(stage->heads * size, sizeof(float), "attention biases", error);
    for (size_t h = 0; packed->biases && h < stage->heads; h++) {
        const float *biases = block->biases + h * window * window;
        if (window < width)
            fill_biases(window, width, biases, packed->biases + h * size);
        else
            attention_distances(window, width, biases, (float)M_LOG2E, packed->biases + h * size);
    }
    return packed->biases ? 0 : -1;
}

static int pack_qkv(struct tinyvit_packed_block *packed, const struct tinyvit_block *block,
                    const struct tinyvit_stage *stage, enum isa isa, struct error *error)
{
    size_t d = stage->width, e = d / stage->heads;
    packed->qkv = memory_new(3 * stage->heads, sizeof *packed->qkv, "encoder block", error);
    if (!packed->qkv)
        return -1;
    for (size_t i = 0; i < 3 * stage->heads; i++)
        if (matmul_pack(&packed->qkv[i], isa,
                        matmul_linear(d, e, block->qkv.weight + i * e * d, block->qkv.bias + i * e),
                        "encoder block", error) < 0)
            return -1;
    return 0;
}

static int pack_block(struct tinyvit_packed_block *packed, struct tinyvit_block *block,
                      const struct tinyvit_stage *stage, enum isa isa, struct error *error)
{
    size_t d = stage->width, hidden = stage->hidden;
    struct matmul_right proj = matmul_linear(d, d, block->proj.weight, block->proj.bias);
    struct matmul_right fc1 = matmul_linear(d, hidden, block->fc1.weight, block->fc1.bias);
    struct matmul_right fc2 = matmul_linear(hidden, d, block->fc2.weight, block->fc2.bias);
    if (depthwise_pack(&packed->local, &block->local, error) < 0 ||
        pack_qkv(packed, block, stage, isa, error) < 0 ||
        project_padding(packed, block, stage, error) < 0 ||
        pack_biases(packed, block, stage, isa, error) < 0 ||
        matmul_pack(&packed->proj, isa, proj, "encoder block", error) < 0 ||
        matmul_pack(&packed->fc1, isa, fc1, "encoder block", error) < 0 ||
        matmul_pack(&packed->fc2, isa, fc2, "encoder block", error) < 0)
        return -1;
    conv_drop_weight(&block->local);
    return 0;
}

/* Releases the memory of the tensors that are packed. */
static void release_block(struct tinyvit_block *block, size_t stage, size_t b,
                          struct checkpoint *checkpoint)
{
    static const char *const names[] = {"attn.qkv.weight", "attn.proj.weight",
                                        "attn.attention_biases", "mlp.fc1.weight",
                                        "mlp.fc2.weight"};
    char name[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(name, sizeof name, "image_encoder.layers.%zu.blocks.%zu.%s", stage, b, names[i]);
        checkpoint_release(checkpoint, name);
    }
    block->qkv.weight = block->proj.weight = block->fc1.weight = block->fc2.weight = NULL;
    block->biases = NULL;
}

static int pack_convs(struct tinyvit_packed_stage *packed, struct tinyvit_stage *stage,
                      enum isa isa, struct error *error)
{
    packed->convs = memory_new(stage->depth, sizeof *packed->convs, "encoder blocks", error);
    if (!packed->convs)
        return -1;
    for (size_t b = 0; b < stage->depth; b++) {
        struct mbconv_weights *conv = &stage->convs[b];
        if (mbconv_pack(&packed->convs[b], isa, conv, true, error) < 0)
            return -1;
        conv_drop_weight(&conv->expand);
        conv_drop_weight(&conv->project);
    }
    return 0;
}

static int pack_stage(struct tinyvit *tinyvit, size_t i, struct checkpoint *checkpoint,
                      struct error *error)
{
    struct tinyvit_packed_stage *packed = &tinyvit->stages[i];
    struct tinyvit_stage *stage = &tinyvit->weights.stages[i];
    if (i == 0) {
        if (pack_convs(packed, stage, tinyvit->isa, error) < 0)
            return -1;
    } else {
        packed->blocks = memory_new(stage->depth, sizeof *packed->blocks, "encoder blocks", error);
        for (size_t b = 0; b < stage->depth; b++) {
            if (!packed->blocks ||
                pack_block(&packed->blocks[b], &stage->blocks[b], stage, tinyvit->isa, error) < 0)
                return -1;
            release_block(&stage->blocks[b], i, b, checkpoint);
        }
    }
    if (i == TINYVIT_STAGES - 1)
        return 0;
    return mbconv_pack(&packed->merge, tinyvit->isa, &stage->merge, false, error);
}

int tinyvit_load(struct tinyvit *tinyvit, struct checkpoint *checkpoint, enum isa isa,
                 int image_size, struct error *error)
{
    *tinyvit = (struct tinyvit){.isa = isa};
    struct tinyvit_weights *w = &tinyvit->weights;
    if (tinyvit_weights_read(w, checkpoint, image_size, error) < 0 ||
        stem_pack(&tinyvit->stem, &w->stem1, &w->stem2, isa, w->image_size, error) < 0)
        return -1;
    for (size_t i = 0; i < TINYVIT_STAGES; i++)
        if (pack_stage(tinyvit, i, checkpoint, error) < 0)
            return -1;
    return neck_pack(&tinyvit->neck, &tinyvit->weights.neck, checkpoint, isa, error);
}

static void free_block(struct tinyvit_packed_block *packed, size_t heads)
{
    for (size_t i = 0; packed->qkv && i < 3 * heads; i++)
        matmul_packed_free(&packed->qkv[i]);
    memory_free(packed->qkv);
    memory_free(packed->padded);
    memory_free(packed->biases);
    depthwise_free(&packed->local);
    matmul_packed_free(&packed->proj);
    matmul_packed_free(&packed->fc1);
    matmul_packed_free(&packed->fc2);
}

void tinyvit_free(struct tinyvit *tinyvit)
{
    for (size_t i = 0; i < TINYVIT_STAGES; i++) {
        struct tinyvit_packed_stage *packed = &tinyvit->stages[i];
        const struct tinyvit_stage *stage = &tinyvit->weights.stages[i];
        for (size_t b = 0; packed->convs && b < stage->depth; b++)
            mbconv_free(&packed->convs[b]);
        for (size_t b = 0; packed->blocks && b < stage->depth; b++)
            free_block(&packed->blocks[b], stage->heads);
        memory_free(packed->convs);
        memory_free(packed->blocks);
        mbconv_free(&packed->merge);
    }
    stem_free(&tinyvit->stem);
    neck_free(&tinyvit->neck);
    tinyvit_weights_free(&tinyvit->weights);
}
