#include "model/clip/clip_blocks.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/clip/clip_tower.h"
#include "model/kernels/kernels.h"

enum { DEPTH_MAX = 1024, NAME_SIZE = 96 };

/* Writes the name of a tensor or layer of block `b` into text[NAME_SIZE] and returns it. */
static const char *block_name(char *text, const char *prefix, size_t b, const char *name)
{
    snprintf(text, NAME_SIZE, "%s%zu.%s", prefix, b, name);
    return text;
}

/* Packs one of the three projections from the rows of its weight. */
static int pack_part(struct matmul_packed *packed, const struct layer_source *from, size_t width,
                     const float *weight, const float *bias)
{
    return matmul_pack(packed, from->isa, matmul_linear(width, width, weight, bias), from->what,
                       from->error);
}

/* q, k and v lie in one tensor (OpenAI). */
static int read_joined(struct clip_block *block, const struct layer_source *from,
                       const char *prefix, size_t b, size_t width)
{
    char name[NAME_SIZE];
    int64_t d = (int64_t)width;
    const float *weight, *bias;
    const struct checkpoint_want wants[] = {
        {&weight, "in_proj_weight", shape_2d(3 * d, d)},
        {&bias, "in_proj_bias", shape_1d(3 * d)},
    };
    if (checkpoint_tensors(from->checkpoint, block_name(name, prefix, b, "attn."), wants, 2,
                           from->error) < 0)
        return -1;
    for (size_t i = 0; i < 3; i++)
        if (pack_part(&block->qkv[i], from, width, weight + i * width * width, bias + i * width) <
            0)
            return -1;
    checkpoint_release(from->checkpoint, block_name(name, prefix, b, "attn.in_proj_weight"));
    return 0;
}

/* q, k and v are layers apart (transformers). */
static int read_apart(struct clip_block *block, const struct layer_source *from, const char *prefix,
                      size_t b, size_t width)
{
    static const char *const layers[] = {"attn.q_proj.", "attn.k_proj.", "attn.v_proj."};
    static const char *const weights[] = {"attn.q_proj.weight", "attn.k_proj.weight",
                                          "attn.v_proj.weight"};
    char name[NAME_SIZE];
    struct linear linear;
    for (size_t i = 0; i < 3; i++) {
        if (linear_read(&linear, from, block_name(name, prefix, b, layers[i]), (int)width,
                        (int)width) < 0 ||
            pack_part(&block->qkv[i], from, width, linear.weight, linear.bias) < 0)
            return -1;
        checkpoint_release(from->checkpoint, block_name(name, prefix, b, weights[i]));
    }
    return 0;
}

/* Reads and packs a layer, and releases what is packed. */
static int read_linear(struct linear *linear, const struct layer_source *from, const char *layer,
                       size_t in, size_t out)
{
    char weight[NAME_SIZE + 8];
    if (linear_load(linear, from, layer, (int)in, (int)out) < 0)
        return -1;
    snprintf(weight, sizeof weight, "%sweight", layer);
    checkpoint_release(from->checkpoint, weight);
    linear->weight = NULL;
    return 0;
}

static int read_block(struct clip_tower *tower, const struct layer_source *from, const char *prefix,
                      size_t b)
{
    struct clip_block *block = &tower->blocks[b];
    size_t d = tower->width, hidden = tower->hidden;
    char name[NAME_SIZE];
    bool apart =
        checkpoint_shape(from->checkpoint, block_name(name, prefix, b, "attn.q_proj.weight"), NULL);
    if (norm_load(&block->ln_1, from, block_name(name, prefix, b, "ln_1."), (int)d) < 0 ||
        norm_load(&block->ln_2, from, block_name(name, prefix, b, "ln_2."), (int)d) < 0 ||
        (apart ? read_apart : read_joined)(block, from, prefix, b, d) < 0 ||
        read_linear(&block->out, from, block_name(name, prefix, b, "attn.out_proj."), d, d) < 0 ||
        read_linear(&block->fc, from, block_name(name, prefix, b, "mlp.c_fc."), d, hidden) < 0)
        return -1;
    return read_linear(&block->proj, from, block_name(name, prefix, b, "mlp.c_proj."), hidden, d);
}

static int block_sizes(struct clip_tower *tower, const struct layer_source *from,
                       const char *prefix)
{
    char name[NAME_SIZE];
    struct shape hidden;
    if (tower->width % CLIP_HEAD_WIDTH != 0)
        return error_set(from->error, ERROR_MODEL,
                         "the width %zu of %sN is no multiple of its heads' width %d", tower->width,
                         prefix, CLIP_HEAD_WIDTH);
    tower->heads = tower->width / CLIP_HEAD_WIDTH;
    if (known_shape(from->checkpoint, block_name(name, prefix, 0, "mlp.c_fc.weight"), 2, &hidden,
                    from->error) < 0)
        return -1;
    tower->hidden = (size_t)hidden.size[0];
    while (tower->depth <= DEPTH_MAX &&
           checkpoint_shape(from->checkpoint, block_name(name, prefix, tower->depth, "ln_1.weight"),
                            NULL))
        tower->depth++;
    if (tower->depth == 0 || tower->depth > DEPTH_MAX)
        return error_set(from->error, ERROR_MODEL, "%sN has %zu blocks, expected 1..%d", prefix,
                         tower->depth, DEPTH_MAX);
    return 0;
}

int clip_blocks_read(struct clip_tower *tower, const struct layer_source *from, const char *prefix)
{
    tower->isa = from->isa;
    tower->activate = kernels_for(from->isa)->quick_gelu;
    if (block_sizes(tower, from, prefix) < 0)
        return -1;
    tower->blocks = memory_new(tower->depth, sizeof *tower->blocks, from->what, from->error);
    if (!tower->blocks)
        return -1;
    for (size_t b = 0; b < tower->depth; b++)
        if (read_block(tower, from, prefix, b) < 0)
            return -1;
    return tower->causal ? clip_tower_make_mask(tower, from->error) : 0;
}

static void free_block(struct clip_block *block)
{
    for (size_t i = 0; i < 3; i++)
        matmul_packed_free(&block->qkv[i]);
    linear_free(&block->out);
    linear_free(&block->fc);
    linear_free(&block->proj);
}

void clip_blocks_free(struct clip_tower *tower)
{
    for (size_t b = 0; tower->blocks && b < tower->depth; b++)
        free_block(&tower->blocks[b]);
    memory_free(tower->blocks);
    memory_free(tower->mask);
    tower->blocks = NULL;
    tower->mask = NULL;
}
