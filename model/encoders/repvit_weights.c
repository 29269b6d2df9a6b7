#include "model/encoders/repvit_weights.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/decoder/layers.h"
#include "model/encoders/conv_norm.h"
#include "model/encoders/image_size.h"
#include "model/encoders/repvit_names.h"

enum { STEM_STRIDE = 4, BLOCKS_MAX = 1024, NAME_SIZE = 160 };
enum { TAPS = 9, MIDDLE = 4 }; /* of a 3x3 kernel */

/* The published RepViT-SAM does not halve the resolution behind this width. */
enum { KEEPS_RESOLUTION = 320 };

/* The first size of the tensor PREFIX + name, which has four, or 0 with ERROR_MODEL. */
static size_t first_size(const struct checkpoint *checkpoint, const char *prefix, const char *name,
                         struct error *error)
{
    char text[NAME_SIZE];
    struct shape shape;
    snprintf(text, sizeof text, "%s%s", prefix, name);
    return known_shape(checkpoint, text, 4, &shape, error) < 0 ? 0 : (size_t)shape.size[0];
}

static bool has(const struct checkpoint *checkpoint, const char *prefix, const char *name)
{
    char text[NAME_SIZE];
    snprintf(text, sizeof text, "%s%s", prefix, name);
    return checkpoint_shape(checkpoint, text, NULL);
}

/* The branches of a depthwise convolution, as read. */
struct branches {
    const float *wide, *narrow; /* [D][3][3], [D] */
    const float *narrow_bias;   /* [D], or NULL: narrow_norm follows */
    struct batch_norm wide_norm, narrow_norm,
        norm; /* the last, around all, only with narrow_bias */
};

static int read_branches(struct branches *branches, struct checkpoint *checkpoint,
                         const char *prefix, size_t width, struct error *error)
{
    char text[NAME_SIZE];
    int64_t d = (int64_t)width;
    bool both = has(checkpoint, prefix, ".conv1.c.weight"); /* a BatchNorm behind each */
    const struct checkpoint_want wants[] = {
        {&branches->wide, ".conv.c.weight", shape_4d(d, 1, 3, 3)},
        {&branches->narrow, both ? ".conv1.c.weight" : ".conv1.weight", shape_4d(d, 1, 1, 1)},
        {&branches->narrow_bias, ".conv1.bias", shape_1d(d)},
    };
    *branches = (struct branches){0};
    snprintf(text, sizeof text, "%s.conv.bn", prefix);
    if (checkpoint_tensors(checkpoint, prefix, wants, both ? 2 : 3, error) < 0 ||
        batch_norm_read(&branches->wide_norm, checkpoint, text, width, error) < 0)
        return -1;
    snprintf(text, sizeof text, both ? "%s.conv1.bn" : "%s.bn", prefix);
    return batch_norm_read(both ? &branches->narrow_norm : &branches->norm, checkpoint, text, width,
                           error);
}

/* One channel of all branches together. The identity is a 1 in the middle of the kernel. */
static void merge_channel(const struct branches *branches, size_t channel, float *weight,
                          float *bias)
{
    struct batch_norm_map wide = batch_norm_map(&branches->wide_norm, channel);
    struct batch_norm_map narrow = {1, 0}, all = {1, 0};
    if (branches->narrow_bias) {
        narrow.shift = branches->narrow_bias[channel];
        all = batch_norm_map(&branches->norm, channel);
    } else {
        narrow = batch_norm_map(&branches->narrow_norm, channel);
    }
    for (size_t i = 0; i < TAPS; i++) {
        double sum = branches->wide[channel * TAPS + i] * wide.factor;
        if (i == MIDDLE)
            sum += branches->narrow[channel] * narrow.factor + 1;
        weight[i] = (float)(sum * all.factor);
    }
    *bias = (float)((wide.shift + narrow.shift) * all.factor + all.shift);
}

/* Reads the branches PREFIX.conv and PREFIX.conv1 of a depthwise convolution, whose sizes are set. */
static int read_local(struct conv *conv, struct checkpoint *checkpoint, const char *prefix,
                      struct error *error)
{
    struct branches branches;
    if (read_branches(&branches, checkpoint, prefix, conv->out, error) < 0 ||
        conv_new(conv, error) < 0)
        return -1;
    for (size_t c = 0; c < conv->out; c++)
        merge_channel(&branches, c, conv->weight + c * TAPS, &conv->bias[c]);
    return 0;
}

static int read_squeeze(struct squeeze *squeeze, struct checkpoint *checkpoint, const char *prefix,
                        size_t channels, struct error *error)
{
    size_t reduced = first_size(checkpoint, prefix, ".fc1.weight", error);
    int64_t in = (int64_t)channels, out = (int64_t)reduced;
    const struct checkpoint_want wants[] = {
        {&squeeze->reduce, ".fc1.weight", shape_4d(out, in, 1, 1)},
        {&squeeze->reduce_bias, ".fc1.bias", shape_1d(out)},
        {&squeeze->restore, ".fc2.weight", shape_4d(in, out, 1, 1)},
        {&squeeze->restore_bias, ".fc2.bias", shape_1d(in)},
    };
    squeeze->channels = channels;
    squeeze->reduced = reduced;
    return reduced ? checkpoint_tensors(checkpoint, prefix, wants, 4, error) : -1;
}

/* Side and width of what a block gets. */
struct input {
    enum repvit_naming naming;
    size_t side, width;
};

/* The stride of a block that widens. */
static size_t stride_of(const struct input *input)
{
    return input->naming == REPVIT_SAM && input->width == KEEPS_RESOLUTION ? 1 : 2;
}

static int read_mixer(struct repvit_block_weights *block, struct checkpoint *checkpoint,
                      const struct repvit_names *names, const struct input *input,
                      struct error *error)
{
    size_t width = input->width, stride = stride_of(input);
    block->side = input->side;
    block->local = conv_depthwise(width, 3, 1);
    if (!*names->widen || !has(checkpoint, names->widen, ".c.weight")) {
        if (has(checkpoint, names->squeeze, ".fc1.weight") &&
            read_squeeze(&block->squeeze, checkpoint, names->squeeze, width, error) < 0)
            return -1;
        return read_local(&block->local, checkpoint, names->local, error);
    }
    if (input->side % stride != 0)
        return error_set(
            error, ERROR_MODEL,
            "%s halves a side of %zu positions: the image size must be a multiple of %d",
            names->local, input->side, input->naming == REPVIT_SAM ? 16 : 32);
    size_t out = first_size(checkpoint, names->widen, ".c.weight", error);
    if (!out)
        return -1;
    block->side = input->side / stride;
    block->local = conv_depthwise(width, 3, stride);
    block->widen = conv_dense(width, out, 1, 1);
    return conv_norm_read(&block->local, checkpoint, names->local, error) < 0
               ? -1
               : conv_norm_read(&block->widen, checkpoint, names->widen, error);
}

/* Reads the block with these names, and sets *input to what the next one gets. */
static int read_block(struct repvit_block_weights *block, struct checkpoint *checkpoint,
                      const struct repvit_names *names, struct input *input, struct error *error)
{
    if (read_mixer(block, checkpoint, names, input, error) < 0)
        return -1;
    input->side = block->side;
    if (block->widen.out)
        input->width = block->widen.out;
    size_t hidden = first_size(checkpoint, names->expand, ".c.weight", error);
    if (!hidden)
        return -1;
    block->expand = conv_dense(input->width, hidden, 1, 1);
    block->project = conv_dense(hidden, input->width, 1, 1);
    if (conv_norm_read(&block->expand, checkpoint, names->expand, error) < 0)
        return -1;
    return conv_norm_read(&block->project, checkpoint, names->project, error);
}

static size_t count_blocks(enum repvit_naming naming, const struct checkpoint *checkpoint)
{
    struct repvit_names names;
    struct repvit_place place = repvit_first_place(naming);
    size_t count = 0;
    for (; count < BLOCKS_MAX && repvit_names_at(naming, checkpoint, &place, &names); count++)
        place.step++;
    return count;
}

static int read_blocks(struct repvit_weights *weights, struct checkpoint *checkpoint,
                       struct input input, struct error *error)
{
    /* Without it stage 0 would have no blocks. */
    static const char *const first[] = {
        [REPVIT_SAM] = "image_encoder.features.1.channel_mixer.m.0.c.weight",
        [REPVIT_TIMM] = "image_encoder.trunk.body.stages_0.blocks.0.channel_mixer.conv1.c.weight",
    };
    struct repvit_names names;
    struct repvit_place place = repvit_first_place(input.naming);
    struct shape shape;
    if (known_shape(checkpoint, first[input.naming], 4, &shape, error) < 0)
        return -1;
    weights->count = count_blocks(input.naming, checkpoint);
    weights->blocks = memory_new(weights->count, sizeof *weights->blocks, "encoder blocks", error);
    if (!weights->blocks)
        return -1;
    for (size_t i = 0; i < weights->count; i++, place.step++) {
        repvit_names_at(input.naming, checkpoint, &place, &names);
        if (place.stage >= REPVIT_STAGES_MAX)
            return error_set(error, ERROR_MODEL,
                             "the image encoder has more than %d stages: %s is there",
                             REPVIT_STAGES_MAX, names.expand);
        if (read_block(&weights->blocks[i], checkpoint, &names, &input, error) < 0)
            return -1;
        weights->stages = place.stage + 1;
        weights->ends[place.stage] = i + 1;
    }
    return 0;
}

static int read_stem(struct repvit_weights *weights, struct checkpoint *checkpoint,
                     const char *first, const char *second, struct error *error)
{
    size_t middle = first_size(checkpoint, first, ".c.weight", error);
    size_t width = middle ? first_size(checkpoint, second, ".c.weight", error) : 0;
    if (!width)
        return -1;
    weights->stem1 = conv_dense(3, middle, 3, 2);
    weights->stem2 = conv_dense(middle, width, 3, 2);
    if (conv_norm_read(&weights->stem1, checkpoint, first, error) < 0)
        return -1;
    return conv_norm_read(&weights->stem2, checkpoint, second, error);
}

int repvit_weights_read(struct repvit_weights *weights, struct checkpoint *checkpoint,
                        enum repvit_naming naming, int image_size, struct error *error)
{
    static const char *const stems[][2] = {
        [REPVIT_SAM] = {"image_encoder.features.0.0", "image_encoder.features.0.2"},
        [REPVIT_TIMM] = {"image_encoder.trunk.body.stem.conv1",
                         "image_encoder.trunk.body.stem.conv2"},
    };
    *weights = (struct repvit_weights){0};
    if (image_size <= 0 || image_size > IMAGE_SIZE_MAX || image_size % STEM_STRIDE != 0)
        return error_set(error, ERROR_MODEL, "image size %d, expected a multiple of %d up to %d",
                         image_size, STEM_STRIDE, IMAGE_SIZE_MAX);
    weights->image_size = (size_t)image_size;
    if (read_stem(weights, checkpoint, stems[naming][0], stems[naming][1], error) < 0)
        return -1;
    struct input input = {naming, weights->image_size / STEM_STRIDE, weights->stem2.out};
    return read_blocks(weights, checkpoint, input, error);
}

void repvit_weights_free(struct repvit_weights *weights)
{
    conv_free(&weights->stem1);
    conv_free(&weights->stem2);
    for (size_t i = 0; weights->blocks && i < weights->count; i++) {
        conv_free(&weights->blocks[i].local);
        conv_free(&weights->blocks[i].widen);
        conv_free(&weights->blocks[i].expand);
        conv_free(&weights->blocks[i].project);
    }
    memory_free(weights->blocks);
    *weights = (struct repvit_weights){0};
}
