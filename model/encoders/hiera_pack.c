/* Loading the Hiera image encoder: packs the tensors for the products, and makes the position
 * embeddings. */
#include "model/encoders/hiera.h"

#include <string.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "model/kernels/cubic.h"

static const char what[] = "encoder block";

/* rows[background_side][side][D]: the background stretched along its rows. */
static void stretch_rows(const struct hiera_weights *w, double *rows)
{
    size_t b = w->background_side, d = w->widths[0];
    for (size_t column = 0; column < w->side; column++) {
        struct cubic cubic = cubic_at(column, w->side, b);
        for (size_t row = 0; row < b; row++)
            for (size_t c = 0; c < d; c++) {
                const float *from = w->background + (c * b + row) * b;
                double sum = 0;
                for (int i = 0; i < 4; i++)
                    sum += cubic.weight[i] * from[cubic.at[i]];
                rows[(row * w->side + column) * d + c] = sum;
            }
    }
}

/* The position embeddings: the background, stretched to the grid, plus the tile, repeated. */
static int make_positions(struct hiera *hiera, struct error *error)
{
    const struct hiera_weights *w = &hiera->weights;
    const struct hiera_grid grid = {w->side, HIERA_UNIT};
    size_t d = w->widths[0], b = w->background_side, tile = w->tile_side;
    double *rows = memory_new(d * b, w->side * sizeof *rows, "position embeddings", error);
    hiera->positions =
        memory_new(w->side * w->side, d * sizeof(float), "position embeddings", error);
    if (!rows || !hiera->positions) {
        memory_free(rows);
        return -1;
    }
    stretch_rows(w, rows);
    for (size_t row = 0; row < w->side; row++) {
        struct cubic cubic = cubic_at(row, w->side, b);
        for (size_t column = 0; column < w->side; column++) {
            float *to = hiera->positions + hiera_token(&grid, row, column) * d;
            for (size_t c = 0; c < d; c++) {
                double sum = w->tile[(c * tile + row % tile) * tile + column % tile];
                for (int i = 0; i < 4; i++)
                    sum += cubic.weight[i] * rows[(cubic.at[i] * w->side + column) * d + c];
                to[c] = (float)sum;
            }
        }
    }
    memory_free(rows);
    return 0;
}

/* q, k, v and the shortcut side by side, in one matrix. */
static int pack_project(struct hiera_packed_block *packed, const struct hiera_block *block,
                        enum isa isa, struct error *error)
{
    const struct linear *qkv = &block->qkv, *shortcut = &block->shortcut;
    size_t in = block->in, wide = 3 * block->out;
    if (!block->pooled)
        return matmul_pack(&packed->project, isa, matmul_linear(in, wide, qkv->weight, qkv->bias),
                           what, error);
    size_t all = wide + block->out;
    float *weight = memory_new(all * in, sizeof(float), what, error);
    float *bias = memory_new(all, sizeof(float), what, error);
    int status = weight && bias ? 0 : -1;
    if (status == 0) {
        memcpy(weight, qkv->weight, wide * in * sizeof(float));
        memcpy(weight + wide * in, shortcut->weight, block->out * in * sizeof(float));
        memcpy(bias, qkv->bias, wide * sizeof(float));
        memcpy(bias + wide, shortcut->bias, block->out * sizeof(float));
        status =
            matmul_pack(&packed->project, isa, matmul_linear(in, all, weight, bias), what, error);
    }
    memory_free(weight);
    memory_free(bias);
    return status;
}

static int pack_mlp(struct hiera_packed_block *packed, const struct hiera_block *block,
                    enum isa isa, struct error *error)
{
    size_t out = block->out, hidden = (size_t)block->lin1.out;
    struct matmul_right lin1 = matmul_linear(out, hidden, block->lin1.weight, block->lin1.bias);
    packed->parts = (hidden + HIERA_HIDDEN - 1) / HIERA_HIDDEN;
    packed->lin2 = memory_new(packed->parts, sizeof *packed->lin2, what, error);
    if (!packed->lin2 || matmul_pack(&packed->lin1, isa, lin1, what, error) < 0)
        return -1;
    for (size_t i = 0; i < packed->parts; i++) {
        size_t first = i * HIERA_HIDDEN, left = hidden - first;
        struct matmul_right part = {left < HIERA_HIDDEN ? left : HIERA_HIDDEN, out,
                                    matmul_transposed(block->lin2.weight + first, hidden),
                                    i == 0 ? block->lin2.bias : NULL};
        if (matmul_pack(&packed->lin2[i], isa, part, what, error) < 0)
            return -1;
    }
    return 0;
}

static int pack_block(struct hiera_packed_block *packed, const struct hiera_block *block,
                      enum isa isa, struct error *error)
{
    struct matmul_right proj =
        matmul_linear(block->out, block->out, block->proj.weight, block->proj.bias);
    if (pack_project(packed, block, isa, error) < 0 ||
        matmul_pack(&packed->proj, isa, proj, what, error) < 0)
        return -1;
    return pack_mlp(packed, block, isa, error);
}

/* Releases the memory of the tensors that are packed. */
static void release_block(struct hiera_block *block, size_t b, struct checkpoint *checkpoint)
{
    static const char *const names[] = {"attn.qkv.weight", "proj.weight", "attn.proj.weight",
                                        "mlp.layers.0.weight", "mlp.layers.1.weight"};
    char name[HIERA_NAME_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        checkpoint_release(checkpoint, hiera_name(name, b, names[i]));
    block->qkv.weight = block->shortcut.weight = block->proj.weight = NULL;
    block->lin1.weight = block->lin2.weight = NULL;
}

/* Packs the patches, makes the position embeddings, and releases their tensors. */
static int pack_embeddings(struct hiera *hiera, struct checkpoint *checkpoint, struct error *error)
{
    struct hiera_weights *w = &hiera->weights;
    struct matmul_right patch =
        matmul_linear(3 * HIERA_PATCH * HIERA_PATCH, w->widths[0], w->patch_weight, w->patch_bias);
    if (matmul_pack(&hiera->patch, hiera->isa, patch, "patch embedding", error) < 0 ||
        make_positions(hiera, error) < 0)
        return -1;
    checkpoint_release(checkpoint, "image_encoder.trunk.patch_embed.proj.weight");
    checkpoint_release(checkpoint, "image_encoder.trunk.pos_embed");
    checkpoint_release(checkpoint, "image_encoder.trunk.pos_embed_window");
    w->patch_weight = w->background = w->tile = NULL;
    return 0;
}

int hiera_load(struct hiera *hiera, struct checkpoint *checkpoint, enum isa isa, int image_size,
               struct error *error)
{
    *hiera = (struct hiera){.isa = isa};
    struct hiera_weights *w = &hiera->weights;
    if (hiera_weights_read(w, checkpoint, image_size, error) < 0 ||
        pack_embeddings(hiera, checkpoint, error) < 0)
        return -1;
    hiera->blocks = memory_new(w->depth, sizeof *hiera->blocks, "encoder blocks", error);
    if (!hiera->blocks)
        return -1;
    for (size_t b = 0; b < w->depth; b++) {
        if (pack_block(&hiera->blocks[b], &w->blocks[b], isa, error) < 0)
            return -1;
        release_block(&w->blocks[b], b, checkpoint);
    }
    return fpn_pack(&hiera->fpn, &w->fpn, checkpoint, isa, error);
}

static void free_block(struct hiera_packed_block *packed)
{
    for (size_t i = 0; packed->lin2 && i < packed->parts; i++)
        matmul_packed_free(&packed->lin2[i]);
    memory_free(packed->lin2);
    matmul_packed_free(&packed->project);
    matmul_packed_free(&packed->proj);
    matmul_packed_free(&packed->lin1);
}

void hiera_free(struct hiera *hiera)
{
    for (size_t b = 0; hiera->blocks && b < hiera->weights.depth; b++)
        free_block(&hiera->blocks[b]);
    memory_free(hiera->blocks);
    memory_free(hiera->positions);
    matmul_packed_free(&hiera->patch);
    fpn_free(&hiera->fpn);
    hiera_weights_free(&hiera->weights);
}
