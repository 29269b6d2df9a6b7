#include "model/encoders/hiera_weights.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/encoders/hiera_plan.h"
#include "model/encoders/image_size.h"

enum {
    IMAGE_SIZE_STEP = 32, /* pixels of a position of the last stage */
    DEPTH_MAX = 1024
};

const char *hiera_name(char *text, size_t block, const char *name)
{
    snprintf(text, HIERA_NAME_SIZE, "image_encoder.trunk.blocks.%zu.%s", block, name);
    return text;
}

static int set_image_size(struct hiera_weights *weights, int size, struct error *error)
{
    if (size <= 0 || size > IMAGE_SIZE_MAX || size % IMAGE_SIZE_STEP != 0)
        return error_set(error, ERROR_MODEL, "image size %d, expected a multiple of %d up to %d",
                         size, IMAGE_SIZE_STEP, IMAGE_SIZE_MAX);
    weights->image_size = (size_t)size;
    weights->side = weights->image_size / HIERA_STRIDE;
    return 0;
}

/* Depths and widths. A block with a projection of its shortcut begins a stage. */
static int read_sizes(struct hiera_weights *w, const struct checkpoint *checkpoint,
                      struct error *error)
{
    char name[HIERA_NAME_SIZE], own[CHECKPOINT_NAME_SIZE];
    struct shape patch, shape;
    size_t stage = 0;
    if (known_shape(checkpoint, "image_encoder.trunk.patch_embed.proj.weight", 4, &patch, error) <
        0)
        return -1;
    w->widths[0] = (size_t)patch.size[0];
    for (; checkpoint_shape(checkpoint, hiera_name(name, w->depth, "norm1.weight"), NULL) &&
           w->depth <= DEPTH_MAX;
         w->depth++) {
        if (checkpoint_shape(checkpoint, hiera_name(name, w->depth, "proj.weight"), NULL)) {
            if (known_shape(checkpoint, name, 2, &shape, error) < 0)
                return -1;
            if (++stage == HIERA_STAGES)
                break;
            w->widths[stage] = (size_t)shape.size[0];
        }
        w->depths[stage]++;
    }
    if (stage < HIERA_STAGES - 1 && w->depth <= DEPTH_MAX)
        return error_set(error, ERROR_MODEL,
                         "tensor %s is missing: the %zu blocks before it have %zu of the %d stages "
                         "of a Hiera",
                         checkpoint_own_name(checkpoint, name, own), w->depth,
                         w->depth ? stage + 1 : 0, HIERA_STAGES);
    if (stage != HIERA_STAGES - 1 || w->depths[0] == 0 || w->depth > DEPTH_MAX)
        return error_set(error, ERROR_MODEL,
                         "the image encoder is no Hiera of %d stages: its blocks begin %zu stages "
                         "by a projection",
                         HIERA_STAGES, stage);
    return 0;
}

static int check_block(const struct hiera_block *block, size_t b, struct error *error)
{
    if (block->out % block->heads != 0)
        return error_set(error, ERROR_MODEL,
                         "block %zu of the image encoder has %zu heads of width %zu in all", b,
                         block->heads, block->out);
    if (block->pooled && !block->global && block->window % 2 != 0)
        return error_set(error, ERROR_MODEL,
                         "block %zu of the image encoder pools windows of the odd side %zu", b,
                         block->window);
    return 0;
}

/* Sets everything of the blocks but their tensors. */
static int plan_blocks(struct hiera_weights *w, const struct hiera_plan *plan, struct error *error)
{
    size_t b = 0;
    for (size_t stage = 0; stage < HIERA_STAGES; stage++)
        for (size_t i = 0; i < w->depths[stage]; i++, b++) {
            struct hiera_block *block = &w->blocks[b];
            bool pooled = stage > 0 && i == 0;
            size_t before = pooled ? stage - 1 : stage;
            *block = (struct hiera_block){
                .stage = stage,
                .pooled = pooled,
                .side = w->side >> before,
                .in = w->widths[before],
                .out = w->widths[stage],
                .heads = plan->heads << stage,
                .global = hiera_plan_is_global(plan, b),
            };
            block->window = block->global ? block->side : plan->windows[before];
            if (check_block(block, b, error) < 0)
                return -1;
        }
    return 0;
}

static int read_block(struct hiera_weights *weights, struct checkpoint *checkpoint, size_t b,
                      struct error *error)
{
    struct hiera_block *block = &weights->blocks[b];
    const int in = (int)block->in, out = (int)block->out;
    const struct layer_source from = {.checkpoint = checkpoint, .error = error};
    char name[HIERA_NAME_SIZE];
    struct shape shape;
    if (known_shape(checkpoint, hiera_name(name, b, "mlp.layers.0.weight"), 2, &shape, error) < 0)
        return -1;
    const int hidden = (int)shape.size[0];
    if (block->pooled &&
        linear_read(&block->shortcut, &from, hiera_name(name, b, "proj."), in, out) < 0)
        return -1;
    if (norm_load(&block->norm1, &from, hiera_name(name, b, "norm1."), in) < 0 ||
        linear_read(&block->qkv, &from, hiera_name(name, b, "attn.qkv."), in, 3 * out) < 0 ||
        linear_read(&block->proj, &from, hiera_name(name, b, "attn.proj."), out, out) < 0 ||
        norm_load(&block->norm2, &from, hiera_name(name, b, "norm2."), out) < 0 ||
        linear_read(&block->lin1, &from, hiera_name(name, b, "mlp.layers.0."), out, hidden) < 0)
        return -1;
    return linear_read(&block->lin2, &from, hiera_name(name, b, "mlp.layers.1."), hidden, out);
}

/* The patches and the position embeddings. */
static int read_embeddings(struct hiera_weights *w, struct checkpoint *checkpoint,
                           struct error *error)
{
    struct shape background, tile;
    if (known_shape(checkpoint, "image_encoder.trunk.pos_embed", 4, &background, error) < 0 ||
        known_shape(checkpoint, "image_encoder.trunk.pos_embed_window", 4, &tile, error) < 0)
        return -1;
    const int64_t d = (int64_t)w->widths[0], b = background.size[3], t = tile.size[3];
    const struct checkpoint_want wants[] = {
        {&w->patch_weight, "patch_embed.proj.weight", shape_4d(d, 3, HIERA_PATCH, HIERA_PATCH)},
        {&w->patch_bias, "patch_embed.proj.bias", shape_1d(d)},
        {&w->background, "pos_embed", shape_4d(1, d, b, b)},
        {&w->tile, "pos_embed_window", shape_4d(1, d, t, t)},
    };
    w->background_side = (size_t)b;
    w->tile_side = (size_t)t;
    if (w->side % w->tile_side != 0)
        return error_set(error, ERROR_MODEL,
                         "image size %zu is not usable: its %zu patches a side are no multiple of "
                         "the %zu of pos_embed_window",
                         w->image_size, w->side, w->tile_side);
    return checkpoint_tensors(checkpoint, "image_encoder.trunk.", wants,
                              sizeof wants / sizeof *wants, error);
}

int hiera_weights_read(struct hiera_weights *weights, struct checkpoint *checkpoint, int image_size,
                       struct error *error)
{
    struct hiera_plan plan;
    *weights = (struct hiera_weights){0};
    if (set_image_size(weights, image_size, error) < 0 ||
        read_sizes(weights, checkpoint, error) < 0 ||
        hiera_plan_find(&plan, checkpoint, weights->widths[0], weights->depths, error) < 0 ||
        read_embeddings(weights, checkpoint, error) < 0)
        return -1;
    weights->title = plan.title;
    weights->newer = checkpoint_shape(checkpoint, "no_obj_embed_spatial", NULL);
    weights->blocks = memory_new(weights->depth, sizeof *weights->blocks, "encoder blocks", error);
    if (!weights->blocks || plan_blocks(weights, &plan, error) < 0)
        return -1;
    for (size_t b = 0; b < weights->depth; b++)
        if (read_block(weights, checkpoint, b, error) < 0)
            return -1;
    return fpn_read(&weights->fpn, checkpoint, weights->side / 4, weights->widths, error);
}

void hiera_weights_free(struct hiera_weights *weights)
{
    memory_free(weights->blocks);
    *weights = (struct hiera_weights){0};
}
