#include "model/encoders/vit_weights.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/decoder/layers.h"
#include "model/encoders/image_size.h"
#include "model/encoders/vit_positions.h"

enum {
    GRID_MAX = IMAGE_SIZE_MAX / 16, /* of a plain ViT, whose grid no tensor shows */
    DEPTH_MAX = 1024,
    PLAIN_HEAD_WIDTH = 64 /* of EfficientSAM-Ti and -S; no tensor tells it */
};

static const char POS_EMBED[] = "image_encoder.pos_embed";

const char *vit_name(char *text, size_t block, const char *name)
{
    snprintf(text, VIT_NAME_SIZE, "image_encoder.blocks.%zu.%s", block, name);
    return text;
}

/* Grid, width and width of heads of SAM's ViT. */
static int read_grid(struct vit_sizes *sizes, const struct checkpoint *checkpoint,
                     struct error *error)
{
    char name[VIT_NAME_SIZE];
    struct shape position, rel_pos;
    if (known_shape(checkpoint, POS_EMBED, 4, &position, error) < 0 ||
        known_shape(checkpoint, vit_name(name, 0, "attn.rel_pos_h"), 2, &rel_pos, error) < 0)
        return -1;
    sizes->grid = (size_t)position.size[1];
    sizes->width = (size_t)position.size[3];
    sizes->head_width = (size_t)rel_pos.size[1];
    return 0;
}

/* The same of a plain ViT, whose grid follows from the image size. Its position embeddings,
 * [1][1 + positions^2][D], begin with that of a class token. */
static int read_plain_grid(struct vit_sizes *sizes, const struct checkpoint *checkpoint,
                           int image_size, struct error *error)
{
    char own[CHECKPOINT_NAME_SIZE];
    struct shape shape;
    if (known_shape(checkpoint, POS_EMBED, 3, &shape, error) < 0)
        return -1;
    size_t rows = (size_t)shape.size[1];
    while ((sizes->positions + 1) * (sizes->positions + 1) < rows)
        sizes->positions++;
    if (sizes->positions == 0 || sizes->positions * sizes->positions + 1 != rows)
        return error_set(error, ERROR_MODEL,
                         "tensor %s has %zu rows, expected 1 more than a square",
                         checkpoint_own_name(checkpoint, POS_EMBED, own), rows);
    sizes->width = (size_t)shape.size[2];
    sizes->head_width = PLAIN_HEAD_WIDTH;
    if (image_size <= 0 || image_size > IMAGE_SIZE_MAX || (size_t)image_size % sizes->patch != 0)
        return error_set(error, ERROR_MODEL, "image size %d, expected a multiple of %zu up to %d",
                         image_size, sizes->patch, IMAGE_SIZE_MAX);
    sizes->grid = (size_t)image_size / sizes->patch;
    if (sizes->grid > GRID_MAX)
        return error_set(error, ERROR_MODEL,
                         "%zu patches of %zu pixels along a side of the image, expected up to %d",
                         sizes->grid, sizes->patch, GRID_MAX);
    return 0;
}

static int read_sizes(struct vit_sizes *sizes, const struct checkpoint *checkpoint, int image_size,
                      struct error *error)
{
    char name[VIT_NAME_SIZE];
    struct shape patch, hidden;
    if (known_shape(checkpoint, "image_encoder.patch_embed.proj.weight", 4, &patch, error) < 0 ||
        known_shape(checkpoint, vit_name(name, 0, "mlp.lin1.weight"), 2, &hidden, error) < 0)
        return -1;
    sizes->patch = (size_t)patch.size[3];
    sizes->hidden = (size_t)hidden.size[0];
    if (checkpoint_shape(checkpoint, PLAIN_VIT_MARK, NULL)
            ? read_plain_grid(sizes, checkpoint, image_size, error)
            : read_grid(sizes, checkpoint, error))
        return -1;
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

/* Derives the window of block `b` from the rows of its relative positions. Attention without them is
 * global. */
static int read_window(struct vit_weights *weights, const struct checkpoint *checkpoint, size_t b,
                       struct error *error)
{
    char name[VIT_NAME_SIZE], own[CHECKPOINT_NAME_SIZE];
    struct shape shape;
    size_t grid = weights->sizes.grid, rows = 2 * grid - 1;
    if (weights->sizes.positions == 0) {
        if (known_shape(checkpoint, vit_name(name, b, "attn.rel_pos_h"), 2, &shape, error) < 0)
            return -1;
        rows = (size_t)shape.size[0];
    }
    size_t window = rows / 2 + 1;
    if (rows % 2 == 0 || window > grid)
        return error_set(error, ERROR_MODEL,
                         "tensor %s has %zu rows, expected an odd number up to %zu",
                         checkpoint_own_name(checkpoint, name, own), rows, 2 * grid - 1);
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
        checkpoint_tensors(checkpoint, vit_name(name, b, "attn."), tables, s->positions ? 0 : 2,
                           error) < 0 ||
        linear_read(&block->proj, &from, vit_name(name, b, "attn.proj."), d, d) < 0 ||
        norm_load(&block->norm2, &from, vit_name(name, b, "norm2."), d) < 0 ||
        linear_read(&block->lin1, &from, vit_name(name, b, "mlp.lin1."), d, hidden) < 0)
        return -1;
    return linear_read(&block->lin2, &from, vit_name(name, b, "mlp.lin2."), hidden, d);
}

/* Resizes the position embeddings of a plain ViT from their square to the grid. */
static int resize_positions(struct vit_weights *weights, struct error *error)
{
    const struct vit_sizes *s = &weights->sizes;
    const float *positions = weights->pos_embed + s->width; /* behind the class token */
    weights->resized =
        memory_new(s->grid * s->grid * s->width, sizeof(float), "position embeddings", error);
    if (!weights->resized)
        return -1;
    vit_positions_resize(s->positions, s->grid, s->width, positions, weights->resized);
    weights->pos_embed = weights->resized;
    return 0;
}

static int read_embedding(struct vit_weights *weights, struct checkpoint *checkpoint,
                          struct error *error)
{
    const struct vit_sizes *s = &weights->sizes;
    int64_t d = (int64_t)s->width, g = (int64_t)s->grid, p = (int64_t)s->patch;
    int64_t side = (int64_t)s->positions;
    struct checkpoint_want wants[] = {
        {&weights->patch_weight, "patch_embed.proj.weight", shape_4d(d, 3, p, p)},
        {&weights->patch_bias, "patch_embed.proj.bias", shape_1d(d)},
        {&weights->pos_embed, "pos_embed",
         side ? shape_3d(1, 1 + side * side, d) : shape_4d(1, g, g, d)},
    };
    if (checkpoint_tensors(checkpoint, "image_encoder.", wants, sizeof wants / sizeof *wants,
                           error) < 0)
        return -1;
    return side ? resize_positions(weights, error) : 0;
}

int vit_weights_read(struct vit_weights *weights, struct checkpoint *checkpoint, int image_size,
                     struct error *error)
{
    *weights = (struct vit_weights){0};
    struct vit_sizes *sizes = &weights->sizes;
    if (read_sizes(sizes, checkpoint, image_size, error) < 0 ||
        check_sizes(sizes, image_size, error) < 0 || read_embedding(weights, checkpoint, error) < 0)
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
    memory_free(weights->resized);
    *weights = (struct vit_weights){0};
}
