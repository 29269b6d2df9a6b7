#include "model/encoders/vit_weights.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/decoder/layers.h"

enum { IMAGE_SIZE_MAX = 1 << 14, DEPTH_MAX = 1024 };

const char *vit_name(char *text, size_t block, const char *name)
{
    snprintf(text, VIT_NAME_SIZE, "image_encoder.blocks.%zu.%s", block, name);
    return text;
}

static int read_sizes(struct vit_sizes *sizes, const struct checkpoint *checkpoint,
                      struct error *error)
{
    char name[VIT_NAME_SIZE];
    struct shape position, patch, rel_pos, hidden;
    if (known_shape(checkpoint, "image_encoder.pos_embed", 4, &position, error) < 0 ||
        known_shape(checkpoint, "image_encoder.patch_embed.proj.weight", 4, &patch, error) < 0 ||
        known_shape(checkpoint, vit_name(name, 0, "attn.rel_pos_h"), 2, &rel_pos, error) < 0 ||
        known_shape(checkpoint, vit_name(name, 0, "mlp.lin1.weight"), 2, &hidden, error) < 0)
        return -1;
    sizes->grid = (size_t)position.size[1];
    sizes->width = (size_t)position.size[3];
    sizes->patch = (size_t)patch.size[3];
    sizes->head_width = (size_t)rel_pos.size[1];
    sizes->hidden = (size_t)hidden.size[0];
    sizes->heads = sizes->width / sizes->head_width;
    while (checkpoint_shape(checkpoint, vit_name(name, sizes->depth, "norm1.weight"), NULL))
        sizes->depth++;
    return 0;
}

static int check_sizes(struct vit_sizes *sizes, int image_size, struct error *error)
{
    if (sizes->width % sizes->head_width != 0)
        return error_set(error, ERROR_MODEL,
                         "the image encoder's width %zu is no multiple of its heads' width %zu",
                         sizes->width, sizes->head_width);
    if (sizes->depth == 0 || sizes->depth > DEPTH_MAX)
        return error_set(error, ERROR_MODEL, "the image encoder has %zu blocks, expected 1..%d",
                         sizes->depth, DEPTH_MAX);
    if (sizes->grid > IMAGE_SIZE_MAX || sizes->patch > IMAGE_SIZE_MAX ||
        sizes->grid * sizes->patch > IMAGE_SIZE_MAX)
        return error_set(error, ERROR_MODEL,
                         "a grid of %zu patches of %zu pixels is larger than %d pixels",
                         sizes->grid, sizes->patch, IMAGE_SIZE_MAX);
    sizes->image_size = sizes->grid * sizes->patch;
    if (image_size && (size_t)image_size != sizes->image_size)
        return error_set(error, ERROR_MODEL,
                         "image size %d asked for, but the model's position embeddings are for "
                         "%zu (a grid of %zu patches of %zu pixels)",
                         image_size, sizes->image_size, sizes->grid, sizes->patch);
    return 0;
}

/* Derives the window of block `b` from the rows of its relative positions. */
static int read_window(struct vit_weights *weights, const struct checkpoint *checkpoint, size_t b,
                       struct error *error)
{
    char name[VIT_NAME_SIZE], own[CHECKPOINT_NAME_SIZE];
    struct shape shape;
    if (known_shape(checkpoint, vit_name(name, b, "attn.rel_pos_h"), 2, &shape, error) < 0)
        return -1;
    size_t rows = (size_t)shape.size[0];
    size_t window = rows / 2 + 1;
    if (rows % 2 == 0 || window > weights->sizes.grid)
        return error_set(
            error, ERROR_MODEL, "tensor %s has %zu rows, expected an odd number up to %zu",
            checkpoint_own_name(checkpoint, name, own), rows, 2 * weights->sizes.grid - 1);
    weights->blocks[b].window = window;
    if (window > weights->sizes.window_max)
        weights->sizes.window_max = window;
    return 0;
}

static int read_block(struct vit_weights *weights, struct checkpoint *checkpoint, size_t b,
                      struct error *error)
{
    if (read_window(weights, checkpoint, b, error) < 0)
        return -1;
    struct vit_block *block = &weights->blocks[b];
    const struct vit_sizes *s = &weights->sizes;
    const int d = (int)s->width, hidden = (int)s->hidden;
    const struct shape table = shape_2d(2 * (int64_t)block->window - 1, (int64_t)s->head_width);
    const struct checkpoint_want tables[] = {
        {&block->rel_pos_h, "rel_pos_h", table},
        {&block->rel_pos_w, "rel_pos_w", table},
    };
    const struct layer_source from = {.checkpoint = checkpoint, .error = error};
    char name[VIT_NAME_SIZE];
    if (norm_load(&block->norm1, &from, vit_name(name, b, "norm1."), d) < 0 ||
        linear_read(&block->qkv, &from, vit_name(name, b, "attn.qkv."), d, 3 * d) < 0 ||
        checkpoint_tensors(checkpoint, vit_name(name, b, "attn."), tables, 2, error) < 0 ||
        linear_read(&block->proj, &from, vit_name(name, b, "attn.proj."), d, d) < 0 ||
        norm_load(&block->norm2, &from, vit_name(name, b, "norm2."), d) < 0 ||
        linear_read(&block->lin1, &from, vit_name(name, b, "mlp.lin1."), d, hidden) < 0)
        return -1;
    return linear_read(&block->lin2, &from, vit_name(name, b, "mlp.lin2."), hidden, d);
}

int vit_weights_read(struct vit_weights *weights, struct checkpoint *checkpoint, int image_size,
                     struct error *error)
{
    *weights = (struct vit_weights){0};
    struct vit_sizes *sizes = &weights->sizes;
    if (read_sizes(sizes, checkpoint, error) < 0 || check_sizes(sizes, image_size, error) < 0)
        return -1;
    int64_t d = (int64_t)sizes->width, g = (int64_t)sizes->grid, p = (int64_t)sizes->patch;
    struct checkpoint_want wants[] = {
        {&weights->patch_weight, "patch_embed.proj.weight", shape_4d(d, 3, p, p)},
        {&weights->patch_bias, "patch_embed.proj.bias", shape_1d(d)},
        {&weights->pos_embed, "pos_embed", shape_4d(1, g, g, d)},
    };
    if (checkpoint_tensors(checkpoint, "image_encoder.", wants, sizeof wants / sizeof *wants,
                           error) < 0)
        return -1;
    weights->blocks = memory_new(sizes->depth, sizeof *weights->blocks, "encoder blocks", error);
    if (!weights->blocks)
        return -1;
    for (size_t b = 0; b < sizes->depth; b++)
        if (read_block(weights, checkpoint, b, error) < 0)
            return -1;
    return neck_read(&weights->neck, checkpoint, sizes->grid, sizes->width, error);
}

void vit_weights_free(struct vit_weights *weights)
{
    memory_free(weights->blocks);
    *weights = (struct vit_weights){0};
}
