#include "model/encoders/tinyvit_weights.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/decoder/layers.h"
#include "model/encoders/conv_norm.h"
#include "model/encoders/image_size.h"

enum { NAME_SIZE = 128, DEPTH_MAX = 1024, WINDOW_MAX = 256 };
enum { EMBEDDING_STRIDE = 16 }; /* pixels for each position of the embedding */

/* Reads PREFIX.conv1, conv2 and conv3; their sizes are set. */
static int read_mbconv(struct mbconv_weights *mbconv, struct checkpoint *checkpoint,
                       const char *prefix, struct error *error)
{
    struct conv *const convs[] = {&mbconv->expand, &mbconv->depthwise, &mbconv->project};
    char text[NAME_SIZE];
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%s.conv%d", prefix, i + 1);
        if (conv_norm_read(convs[i], checkpoint, text, error) < 0)
            return -1;
    }
    return 0;
}

static void free_mbconv(struct mbconv_weights *mbconv)
{
    conv_free(&mbconv->expand);
    conv_free(&mbconv->depthwise);
    conv_free(&mbconv->project);
}

/* The first size of a tensor of `rank` sizes, or 0 with ERROR_MODEL. */
static size_t first_size(const struct checkpoint *checkpoint, const char *prefix, const char *name,
                         int rank, struct error *error)
{
    char text[NAME_SIZE];
    struct shape shape;
    snprintf(text, sizeof text, "%s%s", prefix, name);
    return known_shape(checkpoint, text, rank, &shape, error) < 0 ? 0 : (size_t)shape.size[0];
}

static size_t count_blocks(const struct checkpoint *checkpoint, size_t stage)
{
    char text[NAME_SIZE];
    for (size_t count = 0;; count++) {
        snprintf(text, sizeof text, "image_encoder.layers.%zu.blocks.%zu.%s", stage, count,
                 stage == 0 ? "conv1.c.weight" : "attn.qkv.weight");
        if (count == DEPTH_MAX || !checkpoint_shape(checkpoint, text, NULL))
            return count;
    }
}

/* Derives width, depth and window of every stage. */
static int read_stage_sizes(struct tinyvit_weights *weights, const struct checkpoint *checkpoint,
                            struct error *error)
{
    static const size_t steps[TINYVIT_STAGES] = {4, 8, 16, 16};
    for (size_t i = 0; i < TINYVIT_STAGES; i++) {
        struct tinyvit_stage *stage = &weights->stages[i];
        char prefix[NAME_SIZE];
        stage->side = weights->image_size / steps[i];
        stage->depth = count_blocks(checkpoint, i);
        if (i == 0) {
            stage->width =
                first_size(checkpoint, "image_encoder.patch_embed.seq.2.c.weight", "", 4, error);
            if (!stage->width)
                return -1;
            continue;
        }
        struct shape biases;
        snprintf(prefix, sizeof prefix, "image_encoder.layers.%zu.blocks.0.attn.attention_biases",
                 i);
        if (known_shape(checkpoint, prefix, 2, &biases, error) < 0)
            return -1;
        stage->heads = (size_t)biases.size[0];
        stage->window = (size_t)sqrt((double)biases.size[1]);
        snprintf(prefix, sizeof prefix, "image_encoder.layers.%zu.blocks.0.", i);
        stage->width = first_size(checkpoint, prefix, "attn.proj.weight", 2, error);
        stage->hidden =
            stage->width ? first_size(checkpoint, prefix, "mlp.fc1.weight", 2, error) : 0;
        if (!stage->hidden)
            return -1;
    }
    return 0;
}

/* PatchMerging in mobile_sam does not halve the resolution before these widths. */
static bool keeps_resolution(size_t width)
{
    return width == 320 || width == 448 || width == 576;
}

static int check_sizes(const struct tinyvit_weights *weights, struct error *error)
{
    for (size_t i = 1; i < TINYVIT_STAGES; i++) {
        const struct tinyvit_stage *stage = &weights->stages[i];
        if (stage->width % stage->heads != 0 || stage->window > WINDOW_MAX)
            return error_set(error, ERROR_MODEL,
                             "stage %zu of the image encoder has %zu heads of width %zu and "
                             "windows of %zu",
                             i, stage->heads, stage->width, stage->window);
        if (keeps_resolution(stage->width) != (i == TINYVIT_STAGES - 1))
            return error_set(error, ERROR_MODEL,
                             "stage %zu of the image encoder is %zu wide: the last stage, and no "
                             "other, must be 320, 448 or 576 wide to keep the resolution",
                             i, stage->width);
    }
    return 0;
}

/* The merge after `stage`, from its width to that of the next stage. */
static int read_merge(struct tinyvit_stage *stage, struct checkpoint *checkpoint, size_t index,
                      struct error *error)
{
    char prefix[NAME_SIZE];
    size_t in = stage->width, out = stage[1].width;
    snprintf(prefix, sizeof prefix, "image_encoder.layers.%zu.downsample", index);
    stage->merge = (struct mbconv_weights){conv_dense(in, out, 1, 1),
                                           conv_depthwise(out, 3, keeps_resolution(out) ? 1 : 2),
                                           conv_dense(out, out, 1, 1)};
    return read_mbconv(&stage->merge, checkpoint, prefix, error);
}

/* Writes "image_encoder.layers.<stage>.blocks.<block>.<name>" into text[NAME_SIZE]. */
static const char *block_name(char *text, size_t stage, size_t block, const char *name)
{
    snprintf(text, NAME_SIZE, "image_encoder.layers.%zu.blocks.%zu.%s", stage, block, name);
    return text;
}

/* Block `b` of stage `i`. */
static int read_block(struct tinyvit_stage *stage, struct checkpoint *checkpoint, size_t i,
                      size_t b, struct error *error)
{
    struct tinyvit_block *block = &stage->blocks[b];
    const int d = (int)stage->width, hidden = (int)stage->hidden;
    const struct checkpoint_want biases = {
        &block->biases, "attention_biases",
        shape_2d((int64_t)stage->heads, (int64_t)(stage->window * stage->window))};
    const struct layer_source from = {.checkpoint = checkpoint, .error = error};
    char name[NAME_SIZE];
    if (norm_load(&block->norm, &from, block_name(name, i, b, "attn.norm."), d) < 0 ||
        linear_read(&block->qkv, &from, block_name(name, i, b, "attn.qkv."), d, 3 * d) < 0 ||
        linear_read(&block->proj, &from, block_name(name, i, b, "attn.proj."), d, d) < 0 ||
        checkpoint_tensors(checkpoint, block_name(name, i, b, "attn."), &biases, 1, error) < 0 ||
        norm_load(&block->mlp_norm, &from, block_name(name, i, b, "mlp.norm."), d) < 0 ||
        linear_read(&block->fc1, &from, block_name(name, i, b, "mlp.fc1."), d, hidden) < 0 ||
        linear_read(&block->fc2, &from, block_name(name, i, b, "mlp.fc2."), hidden, d) < 0)
        return -1;
    block->local = conv_depthwise(stage->width, 3, 1);
    return conv_norm_read(&block->local, checkpoint, block_name(name, i, b, "local_conv"), error);
}

static int read_convs(struct tinyvit_stage *stage, struct checkpoint *checkpoint,
                      struct error *error)
{
    stage->convs = memory_new(stage->depth, sizeof *stage->convs, "encoder blocks", error);
    if (!stage->convs)
        return -1;
    for (size_t b = 0; b < stage->depth; b++) {
        char prefix[NAME_SIZE];
        snprintf(prefix, sizeof prefix, "image_encoder.layers.0.blocks.%zu", b);
        size_t width = stage->width;
        size_t hidden = first_size(checkpoint, prefix, ".conv1.c.weight", 4, error);
        if (!hidden)
            return -1;
        stage->convs[b] =
            (struct mbconv_weights){conv_dense(width, hidden, 1, 1), conv_depthwise(hidden, 3, 1),
                                    conv_dense(hidden, width, 1, 1)};
        if (read_mbconv(&stage->convs[b], checkpoint, prefix, error) < 0)
            return -1;
    }
    return 0;
}

static int read_blocks(struct tinyvit_stage *stage, struct checkpoint *checkpoint, size_t i,
                       struct error *error)
{
    stage->blocks = memory_new(stage->depth, sizeof *stage->blocks, "encoder blocks", error);
    if (!stage->blocks)
        return -1;
    for (size_t b = 0; b < stage->depth; b++)
        if (read_block(stage, checkpoint, i, b, error) < 0)
            return -1;
    return 0;
}

static int read_stage(struct tinyvit_weights *weights, struct checkpoint *checkpoint, size_t i,
                      struct error *error)
{
    struct tinyvit_stage *stage = &weights->stages[i];
    if ((i == 0 ? read_convs(stage, checkpoint, error) : read_blocks(stage, checkpoint, i, error)) <
        0)
        return -1;
    if (i == TINYVIT_STAGES - 1)
        return 0;
    return read_merge(stage, checkpoint, i, error);
}

int tinyvit_weights_read(struct tinyvit_weights *weights, struct checkpoint *checkpoint,
                         int image_size, struct error *error)
{
    *weights = (struct tinyvit_weights){0};
    if (image_size <= 0 || image_size > IMAGE_SIZE_MAX || image_size % EMBEDDING_STRIDE != 0)
        return error_set(error, ERROR_MODEL, "image size %d, expected a multiple of %d up to %d",
                         image_size, EMBEDDING_STRIDE, IMAGE_SIZE_MAX);
    weights->image_size = (size_t)image_size;
    weights->grid = weights->image_size / EMBEDDING_STRIDE;
    if (read_stage_sizes(weights, checkpoint, error) < 0 || check_sizes(weights, error) < 0)
        return -1;
    size_t half = first_size(checkpoint, "image_encoder.patch_embed.seq.0.c.weight", "", 4, error);
    if (!half)
        return -1;
    weights->stem1 = conv_dense(3, half, 3, 2);
    weights->stem2 = conv_dense(half, weights->stages[0].width, 3, 2);
    if (conv_norm_read(&weights->stem1, checkpoint, "image_encoder.patch_embed.seq.0", error) < 0 ||
        conv_norm_read(&weights->stem2, checkpoint, "image_encoder.patch_embed.seq.2", error) < 0)
        return -1;
    for (size_t i = 0; i < TINYVIT_STAGES; i++)
        if (read_stage(weights, checkpoint, i, error) < 0)
            return -1;
    return neck_read(&weights->neck, checkpoint, weights->grid,
                     weights->stages[TINYVIT_STAGES - 1].width, error);
}

void tinyvit_weights_free(struct tinyvit_weights *weights)
{
    conv_free(&weights->stem1);
    conv_free(&weights->stem2);
    for (size_t i = 0; i < TINYVIT_STAGES; i++) {
        struct tinyvit_stage *stage = &weights->stages[i];
        for (size_t b = 0; stage->convs && b < stage->depth; b++)
            free_mbconv(&stage->convs[b]);
        for (size_t b = 0; stage->blocks && b < stage->depth; b++)
            conv_free(&stage->blocks[b].local);
        free_mbconv(&stage->merge);
        memory_free(stage->convs);
        memory_free(stage->blocks);
    }
    *weights = (struct tinyvit_weights){0};
}
