#include "model/encoders/efficientvit_conv.h"

#include <stdio.h>
#include <string.h>

#include "model/checkpoint/checkpoint.h"
#include "model/encoders/conv_norm.h"
#include "model/encoders/efficientvit_weights.h"

enum { NAME_SIZE = 160 };

/* Folds PREFIX.norm into the weight and the bias, if it is there. */
static int fold_norm(struct conv *conv, const struct layer_source *from, const char *prefix)
{
    char text[NAME_SIZE];
    struct batch_norm norm;
    size_t depth = conv->in / conv->groups * conv->kernel * conv->kernel;
    snprintf(text, sizeof text, "%s.norm.weight", prefix);
    if (!checkpoint_shape(from->checkpoint, text, NULL))
        return 0;
    snprintf(text, sizeof text, "%s.norm", prefix);
    if (batch_norm_read(&norm, from->checkpoint, text, conv->out, from->error) < 0)
        return -1;
    norm.eps = (double)EFFICIENTVIT_NORM_EPS;
    for (size_t o = 0; o < conv->out; o++) {
        struct batch_norm_map map = batch_norm_map(&norm, o);
        for (size_t i = 0; i < depth; i++)
            conv->weight[o * depth + i] = (float)(conv->weight[o * depth + i] * map.factor);
        conv->bias[o] = (float)(conv->bias[o] * map.factor + map.shift);
    }
    return 0;
}

/* Copies the tensor `name` as the weight; the bias becomes zeros. */
static int read_weight(struct conv *conv, const struct layer_source *from, const char *name)
{
    struct shape shape;
    if (known_shape(from->checkpoint, name, 4, &shape, from->error) < 0)
        return -1;
    if (!conv->out)
        conv->out = (size_t)shape.size[0];
    int64_t side = (int64_t)conv->kernel;
    size_t depth = conv->in / conv->groups;
    const float *tensor =
        checkpoint_tensor(from->checkpoint, name,
                          shape_4d((int64_t)conv->out, (int64_t)depth, side, side), from->error);
    if (!tensor || conv_new(conv, from->error) < 0)
        return -1;
    memcpy(conv->weight, tensor,
           conv->out * depth * conv->kernel * conv->kernel * sizeof *conv->weight);
    checkpoint_release(from->checkpoint, name);
    return 0;
}

int efficientvit_conv_read_bare(struct conv *conv, const struct layer_source *from,
                                const char *name)
{
    char text[NAME_SIZE];
    snprintf(text, sizeof text, "%s.weight", name);
    return read_weight(conv, from, text);
}

int efficientvit_conv_read(struct conv *conv, const struct layer_source *from, const char *prefix)
{
    char text[NAME_SIZE];
    snprintf(text, sizeof text, "%s.conv.weight", prefix);
    if (read_weight(conv, from, text) < 0)
        return -1;
    snprintf(text, sizeof text, "%s.conv.bias", prefix);
    if (checkpoint_shape(from->checkpoint, text, NULL)) {
        const float *bias =
            checkpoint_tensor(from->checkpoint, text, shape_1d((int64_t)conv->out), from->error);
        if (!bias)
            return -1;
        memcpy(conv->bias, bias, conv->out * sizeof(float));
    }
    return fold_norm(conv, from, prefix);
}
