#include "model/encoders/conv_norm.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"

enum { NAME_SIZE = 160 };

static int refuse_variance(const struct checkpoint *checkpoint, const char *prefix, float variance,
                           struct error *error)
{
    char name[NAME_SIZE], own[CHECKPOINT_NAME_SIZE];
    snprintf(name, sizeof name, "%s.running_var", prefix);
    return error_set(error, ERROR_MODEL,
                     "tensor %s has the value %g, expected no negative variance",
                     checkpoint_own_name(checkpoint, name, own), (double)variance);
}

int batch_norm_read(struct batch_norm *norm, struct checkpoint *checkpoint, const char *prefix,
                    size_t channels, struct error *error)
{
    struct shape shape = shape_1d((int64_t)channels);
    *norm = (struct batch_norm){.eps = 1e-5};
    const struct checkpoint_want wants[] = {
        {&norm->weight, ".weight", shape},
        {&norm->bias, ".bias", shape},
        {&norm->mean, ".running_mean", shape},
        {&norm->variance, ".running_var", shape},
    };
    if (checkpoint_tensors(checkpoint, prefix, wants, sizeof wants / sizeof *wants, error) < 0)
        return -1;
    for (size_t i = 0; i < channels; i++)
        if (!(norm->variance[i] >= 0))
            return refuse_variance(checkpoint, prefix, norm->variance[i], error);
    return 0;
}

struct batch_norm_map batch_norm_map(const struct batch_norm *norm, size_t channel)
{
    double factor = norm->weight[channel] / sqrt(norm->variance[channel] + norm->eps);
    return (struct batch_norm_map){factor, norm->bias[channel] - norm->mean[channel] * factor};
}

/* Weights of one output. */
static size_t depth_of(const struct conv *conv)
{
    return conv->in / conv->groups * conv->kernel * conv->kernel;
}

int conv_new(struct conv *conv, struct error *error)
{
    static const char what[] = "encoder convolution";
    conv->weight = memory_new(conv->out * depth_of(conv), sizeof(float), what, error);
    conv->bias = memory_new(conv->out, sizeof(float), what, error);
    return conv->weight && conv->bias ? 0 : -1;
}

int conv_norm_read(struct conv *conv, struct checkpoint *checkpoint, const char *prefix,
                   struct error *error)
{
    char text[NAME_SIZE];
    const float *kernel;
    struct batch_norm norm;
    int64_t out = (int64_t)conv->out, side = (int64_t)conv->kernel;
    const struct checkpoint_want want = {
        &kernel, ".c.weight", shape_4d(out, (int64_t)(conv->in / conv->groups), side, side)};
    size_t depth = depth_of(conv);
    snprintf(text, sizeof text, "%s.bn", prefix);
    if (checkpoint_tensors(checkpoint, prefix, &want, 1, error) < 0 ||
        batch_norm_read(&norm, checkpoint, text, conv->out, error) < 0 || conv_new(conv, error) < 0)
        return -1;
    for (size_t o = 0; o < conv->out; o++) {
        struct batch_norm_map map = batch_norm_map(&norm, o);
        for (size_t i = 0; i < depth; i++)
            conv->weight[o * depth + i] = (float)(kernel[o * depth + i] * map.factor);
        conv->bias[o] = (float)map.shift;
    }
    snprintf(text, sizeof text, "%s.c.weight", prefix);
    checkpoint_release(checkpoint, text);
    return 0;
}

void conv_drop_weight(struct conv *conv)
{
    memory_free(conv->weight);
    conv->weight = NULL;
}

void conv_free(struct conv *conv)
{
    conv_drop_weight(conv);
    memory_free(conv->bias);
    conv->bias = NULL;
}
