#include "model/encoders/efficientvit_weights.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/encoders/conv_norm.h"
#include "model/encoders/efficientvit_conv.h"
#include "model/encoders/image_size.h"

enum {
    NAME_SIZE = 160,
    GRID = 64,       /* of the published models */
    DEPTH_MAX = 256, /* blocks of a stage or of the neck */
    DIM_MAX = 256    /* of a head */
};

#define BACKBONE "image_encoder.backbone.stages"
#define NECK "image_encoder.neck"

/* Reads PREFIX.NAME. */
static int read_conv(struct conv *conv, const struct layer_source *from, const char *prefix,
                     const char *name)
{
    char text[NAME_SIZE];
    snprintf(text, sizeof text, "%s.%s", prefix, name);
    return efficientvit_conv_read(conv, from, text);
}

/* From `in` to `out` channels; 0: as the shape says. */
static int read_fused(struct fused_mbconv_weights *fused, const struct layer_source *from,
                      const char *prefix, struct conv like)
{
    fused->spatial = conv_dense(like.in, 0, 3, like.stride);
    if (read_conv(&fused->spatial, from, prefix, "main.spatial_conv") < 0)
        return -1;
    fused->project = conv_dense(fused->spatial.out, like.out, 1, 1);
    return read_conv(&fused->project, from, prefix, "main.point_conv");
}

static int read_inverted(struct mbconv_weights *inverted, const struct layer_source *from,
                         const char *prefix, struct conv like)
{
    inverted->expand = conv_dense(like.in, 0, 1, 1);
    if (read_conv(&inverted->expand, from, prefix, "main.inverted_conv") < 0)
        return -1;
    size_t hidden = inverted->expand.out;
    inverted->depthwise = conv_depthwise(hidden, 3, like.stride);
    inverted->project = conv_dense(hidden, like.out, 1, 1);
    return read_conv(&inverted->depthwise, from, prefix, "main.depth_conv") < 0
               ? -1
               : read_conv(&inverted->project, from, prefix, "main.point_conv");
}

/* The sizes of an attention from the shapes of the convolutions behind q, k and v. */
static int read_attention_sizes(struct efficientvit_attention_weights *attention,
                                const struct layer_source *from, const char *prefix)
{
    char text[NAME_SIZE];
    struct shape local, mix;
    snprintf(text, sizeof text, "%s.aggreg.0.0.weight", prefix);
    if (known_shape(from->checkpoint, text, 4, &local, from->error) < 0)
        return -1;
    snprintf(text, sizeof text, "%s.aggreg.0.1.weight", prefix);
    if (known_shape(from->checkpoint, text, 4, &mix, from->error) < 0)
        return -1;
    size_t channels = (size_t)mix.size[0], dim = (size_t)mix.size[1];
    size_t kernel = (size_t)local.size[2];
    if (dim > DIM_MAX || channels % (3 * dim) != 0 || (kernel != 3 && kernel != 5))
        return error_set(from->error, ERROR_MODEL,
                         "%s has %zu channels in heads of %zu and a kernel of %zu", prefix,
                         channels, dim, kernel);
    attention->dim = dim;
    attention->heads = channels / (3 * dim);
    attention->local = conv_depthwise(channels, kernel, 1);
    attention->mix = conv_dense(channels, channels, 1, 1);
    attention->mix.groups = channels / dim;
    return 0;
}

static int read_attention(struct efficientvit_attention_weights *attention,
                          const struct layer_source *from, const char *prefix, size_t width)
{
    char text[NAME_SIZE], name[NAME_SIZE];
    snprintf(text, sizeof text, "%s.context_module.main", prefix);
    if (read_attention_sizes(attention, from, text) < 0)
        return -1;
    attention->qkv = conv_dense(width, attention->local.in, 1, 1);
    attention->proj = conv_dense(2 * attention->heads * attention->dim, width, 1, 1);
    if (read_conv(&attention->qkv, from, text, "qkv") < 0 ||
        read_conv(&attention->proj, from, text, "proj") < 0)
        return -1;
    snprintf(name, sizeof name, "%s.aggreg.0.0", text);
    if (efficientvit_conv_read_bare(&attention->local, from, name) < 0)
        return -1;
    snprintf(name, sizeof name, "%s.aggreg.0.1", text);
    return efficientvit_conv_read_bare(&attention->mix, from, name);
}

static int read_res(struct efficientvit_block *block, const struct layer_source *from,
                    const char *prefix, struct conv like)
{
    block->first = conv_dense(like.in, 0, 3, like.stride);
    if (read_conv(&block->first, from, prefix, "main.conv1") < 0)
        return -1;
    block->second = conv_dense(block->first.out, like.out, 3, 1);
    return read_conv(&block->second, from, prefix, "main.conv2");
}

/* Tells the kind of a block by a tensor that it has; -1: none that is known. */
static int find_kind(const struct checkpoint *checkpoint, const char *prefix)
{
    static const char *const marks[] = {
        [EFFICIENTVIT_RES] = "main.conv1",
        [EFFICIENTVIT_FUSED] = "main.spatial_conv",
        [EFFICIENTVIT_INVERTED] = "main.inverted_conv",
        [EFFICIENTVIT_ATTENTION] = "context_module.main.qkv",
    };
    for (int i = 0; i < (int)(sizeof marks / sizeof *marks); i++) {
        char text[NAME_SIZE];
        snprintf(text, sizeof text, "%s.%s.conv.weight", prefix, marks[i]);
        if (checkpoint_shape(checkpoint, text, NULL))
            return i;
    }
    return -1;
}

/* A block from like.in to like.out channels (0: as the shape says) with like.stride. */
static int read_block(struct efficientvit_block *block, const struct layer_source *from,
                      const char *prefix, struct conv like)
{
    char text[NAME_SIZE];
    int kind = find_kind(from->checkpoint, prefix);
    bool strided = like.stride != 1;
    block->residual = !strided;
    if (kind < 0 ||
        (strided && kind != (int)EFFICIENTVIT_FUSED && kind != (int)EFFICIENTVIT_INVERTED))
        return error_set(from->error, ERROR_MODEL, "%s is no block that EfficientViT-SAM has there",
                         prefix);
    block->kind = (enum efficientvit_kind)kind;
    switch (block->kind) {
    case EFFICIENTVIT_RES:
        return read_res(block, from, prefix, like);
    case EFFICIENTVIT_FUSED:
        return read_fused(&block->fused, from, prefix, like);
    case EFFICIENTVIT_INVERTED:
        return read_inverted(&block->inverted, from, prefix, like);
    case EFFICIENTVIT_ATTENTION:
        break;
    }
    snprintf(text, sizeof text, "%s.local_module", prefix);
    return read_attention(&block->attention, from, prefix, like.in) < 0
               ? -1
               : read_inverted(&block->inverted, from, text, like);
}

static size_t count_blocks(const struct checkpoint *checkpoint, const char *prefix, size_t first)
{
    char text[NAME_SIZE];
    for (size_t count = 0;; count++) {
        snprintf(text, sizeof text, "%s.%zu", prefix, first + count);
        if (count == DEPTH_MAX || find_kind(checkpoint, text) < 0)
            return count;
    }
}

/* The width that a block gives. */
static size_t width_after(const struct efficientvit_block *block)
{
    return block->kind == EFFICIENTVIT_FUSED ? block->fused.project.out
                                             : block->inverted.project.out;
}

/* Stage `i`; width and side of the one before are known. */
static int read_stage(struct efficientvit_weights *weights, const struct layer_source *from,
                      size_t i)
{
    struct efficientvit_stage *stage = &weights->stages[i];
    size_t first = i == 0 ? 1 : 0; /* number 0 of stage 0 is the stem */
    char prefix[NAME_SIZE], text[NAME_SIZE];
    snprintf(prefix, sizeof prefix, BACKBONE ".%zu.op_list", i);
    stage->side = weights->image_size >> (i + 1);
    size_t depth = count_blocks(from->checkpoint, prefix, first);
    stage->blocks = memory_new(depth, sizeof *stage->blocks, "encoder blocks", from->error);
    if (!stage->blocks)
        return -1;
    stage->depth = depth;
    stage->width = i == 0 ? weights->stem.out : stage[-1].width;
    for (size_t b = 0; b < depth; b++) {
        bool halves = i > 0 && b == 0;
        struct conv like = conv_dense(stage->width, halves ? 0 : stage->width, 1, halves ? 2 : 1);
        snprintf(text, sizeof text, "%s.%zu", prefix, first + b);
        if (read_block(&stage->blocks[b], from, text, like) < 0)
            return -1;
        if (halves)
            stage->width = width_after(&stage->blocks[b]);
    }
    return 0;
}

static int read_neck(struct efficientvit_weights *weights, const struct layer_source *from)
{
    char text[NAME_SIZE];
    size_t width = 0;
    for (size_t i = 0; i < EFFICIENTVIT_INPUTS; i++) {
        const struct efficientvit_stage *stage = &weights->stages[weights->stage_count - 1 - i];
        weights->inputs[i] = conv_dense(stage->width, width, 1, 1);
        snprintf(text, sizeof text, NECK ".input_ops.%zu.op_list.0", i);
        if (efficientvit_conv_read(&weights->inputs[i], from, text) < 0)
            return -1;
        width = weights->inputs[i].out;
    }
    size_t depth = count_blocks(from->checkpoint, NECK ".middle.op_list", 0);
    weights->middle = memory_new(depth, sizeof *weights->middle, "neck", from->error);
    if (!weights->middle)
        return -1;
    weights->depth = depth;
    for (size_t i = 0; i < depth; i++) {
        snprintf(text, sizeof text, NECK ".middle.op_list.%zu", i);
        if (read_fused(&weights->middle[i], from, text, conv_dense(width, width, 1, 1)) < 0)
            return -1;
    }
    weights->output = conv_dense(width, 0, 1, 1);
    if (efficientvit_conv_read(&weights->output, from, NECK ".output_ops.0.op_list.0") < 0)
        return -1;
    return norm_load(&weights->norm, from, "image_encoder.norm.", (int)weights->output.out);
}

static size_t count_stages(const struct checkpoint *checkpoint)
{
    size_t count = 1;
    for (; count <= EFFICIENTVIT_STAGES_MAX; count++) {
        char text[NAME_SIZE];
        snprintf(text, sizeof text, BACKBONE ".%zu.op_list.0", count);
        if (find_kind(checkpoint, text) < 0)
            break;
    }
    return count;
}

/* Sets the number of stages, S and G. */
static int choose_sizes(struct efficientvit_weights *weights, const struct checkpoint *checkpoint,
                        int image_size, struct error *error)
{
    size_t stages = count_stages(checkpoint);
    if (stages != EFFICIENTVIT_STAGES_MAX && stages != EFFICIENTVIT_STAGES_MAX - 1)
        return error_set(error, ERROR_MODEL,
                         "the image encoder has %zu stages; EfficientViT-SAM has 5 or 6", stages);
    int step = WINOGRAD_SIDE << stages; /* the last stage's side is a multiple of a tile's */
    if (image_size < 0 || image_size > IMAGE_SIZE_MAX || image_size % step != 0)
        return error_set(error, ERROR_MODEL, "image size %d, expected a multiple of %d up to %d",
                         image_size, step, IMAGE_SIZE_MAX);
    size_t shift = stages - EFFICIENTVIT_INPUTS + 1;
    weights->stage_count = stages;
    weights->image_size = image_size ? (size_t)image_size : (size_t)GRID << shift;
    weights->grid = weights->image_size >> shift;
    return 0;
}

int efficientvit_weights_read(struct efficientvit_weights *weights, struct checkpoint *checkpoint,
                              int image_size, struct error *error)
{
    const struct layer_source from = {.checkpoint = checkpoint, .error = error};
    *weights = (struct efficientvit_weights){0};
    if (choose_sizes(weights, checkpoint, image_size, error) < 0)
        return -1;
    weights->stem = conv_dense(3, 0, 3, 2);
    if (efficientvit_conv_read(&weights->stem, &from, BACKBONE ".0.op_list.0") < 0)
        return -1;
    for (size_t i = 0; i < weights->stage_count; i++)
        if (read_stage(weights, &from, i) < 0)
            return -1;
    return read_neck(weights, &from);
}

static void free_fused(struct fused_mbconv_weights *fused)
{
    conv_free(&fused->spatial);
    conv_free(&fused->project);
}

static void free_block(struct efficientvit_block *block)
{
    struct conv *const convs[] = {&block->first,           &block->second,
                                  &block->attention.qkv,   &block->attention.local,
                                  &block->attention.mix,   &block->attention.proj,
                                  &block->inverted.expand, &block->inverted.depthwise,
                                  &block->inverted.project};
    for (size_t i = 0; i < sizeof convs / sizeof *convs; i++)
        conv_free(convs[i]);
    free_fused(&block->fused);
}

void efficientvit_weights_free(struct efficientvit_weights *weights)
{
    conv_free(&weights->stem);
    for (size_t i = 0; i < weights->stage_count; i++) {
        for (size_t b = 0; b < weights->stages[i].depth; b++)
            free_block(&weights->stages[i].blocks[b]);
        memory_free(weights->stages[i].blocks);
    }
    for (size_t i = 0; i < EFFICIENTVIT_INPUTS; i++)
        conv_free(&weights->inputs[i]);
    for (size_t i = 0; i < weights->depth; i++)
        free_fused(&weights->middle[i]);
    memory_free(weights->middle);
    conv_free(&weights->output);
    *weights = (struct efficientvit_weights){0};
}
