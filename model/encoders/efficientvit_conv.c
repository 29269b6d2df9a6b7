#include "model/encoders/efficientvit_conv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/encoders/efficientvit_weights.h"

enum { NAME_SIZE = 160 };

struct batch_norm {
    const float *weight, *bias, *mean, *variance;
};

/* Reads PREFIX.norm if it is there; otherwise norm->weight is NULL. */
static int read_norm(struct batch_norm *norm, const struct layer_source *from, const char *prefix,
                     size_t width)
{
    char text[NAME_SIZE];
    *norm = (struct batch_norm){0};
    snprintf(text, sizeof text, "%s.norm.weight", prefix);
    if (!checkpoint_shape(from->checkpoint, text, NULL))
        return 0;
    const struct checkpoint_want wants[] = {
        {&norm->weight, ".norm.weight", shape_1d((int64_t)width)},
        {&norm->bias, ".norm.bias", shape_1d((int64_t)width)},
        {&norm->mean, ".norm.running_mean", shape_1d((int64_t)width)},
        {&norm->variance, ".norm.running_var", shape_1d((int64_t)width)},
    };
    if (checkpoint_tensors(from->checkpoint, prefix, wants, sizeof wants / sizeof *wants,
                           from->error) < 0)
        return -1;
    for (size_t i = 0; i < width; i++)
        if (!(norm->variance[i] >= 0))
            return error_set(from->error, ERROR_MODEL,
                             "tensor %s.norm.running_var has the value %g", prefix,
                             (double)norm->variance[i]);
    return 0;
}

/* With f = norm.weight / sqrt(variance + eps), multiplies the weight by f; the bias becomes
 * norm.bias + (bias - mean) * f. */
static void fold(struct conv *conv, const struct batch_norm *norm)
{
    size_t depth = conv->in / conv->groups * conv->kernel * conv->kernel;
    for (size_t o = 0; o < conv->out; o++) {
        double factor =
            norm->weight[o] / sqrt((double)norm->variance[o] + (double)EFFICIENTVIT_NORM_EPS);
        for (size_t i = 0; i < depth; i++)
            conv->weight[o * depth + i] = (float)(conv->weight[o * depth + i] * factor);
        conv->bias[o] = (float)(norm->bias[o] + (conv->bias[o] - norm->mean[o]) * factor);
    }
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
    const float *tensor = checkpoint_tensor(
        from->checkpoint, name,
        shape_4d((int64_t)conv->out, (int64_t)(conv->in / conv->groups), side, side), from->error);
    if (!tensor)
        return -1;
    size_t count = conv->out * (conv->in / conv->groups) * conv->kernel * conv->kernel;
    conv->weight = memory_new(count, sizeof(float), "encoder convolution", from->error);
    conv->bias = memory_new(conv->out, sizeof(float), "encoder convolution", from->error);
    if (!conv->weight || !conv->bias)
        return -1;
    memcpy(conv->weight, tensor, count * sizeof(float));
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
    struct batch_norm norm;
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
    if (read_norm(&norm, from, prefix, conv->out) < 0)
        return -1;
    if (norm.weight)
        fold(conv, &norm);
    return 0;
}

void efficientvit_conv_free(struct conv *conv)
{
    memory_free(conv->weight);
    memory_free(conv->bias);
    *conv = (struct conv){0};
}
