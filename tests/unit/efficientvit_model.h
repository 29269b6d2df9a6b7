/* efficientvit_model.h - small random image encoders of EfficientViT-SAM, of awkward sizes. */
#ifndef TESTS_UNIT_EFFICIENTVIT_MODEL_H
#define TESTS_UNIT_EFFICIENTVIT_MODEL_H

#include <math.h>

#include "tests/unit/small_model.h"

enum efficientvit_parts { WITH_NORM = 1, WITH_BIAS = 2 };

struct efficientvit_shape {
    int stages, image_size, channels; /* C */
    int neck_width, neck_depth, neck_hidden;
    int dim, kernel; /* of the attention */
    int widths[6], depths[6];
    const char *kinds; /* of each stage, from the second on: f(used), i(nverted), a(ttention) */
};

/* Channels that are no multiple of a vector, heads likewise, both kernels, and hidden layers of
 * several parts; tiles that fill no task. */
static const struct efficientvit_shape efficientvits[] = {
    {5, 128, 24, 20, 2, 35, 12, 5, {5, 10, 16, 70, 40}, {1, 1, 2, 1, 2}, "ffia"},
    {6, 256, 16, 16, 1, 16, 16, 3, {4, 6, 8, 12, 24, 18}, {0, 1, 0, 1, 1, 1}, "fffaa"},
};
enum { EFFICIENTVITS = sizeof efficientvits / sizeof *efficientvits };

/* A convolution PREFIX.NAME. */
static inline void efficientvit_conv(struct small_model *model, const char *prefix,
                                     const char *name, const int sizes[3], int parts)
{
    static const char *const norms[] = {"weight", "bias", "running_mean", "running_var"};
    static const float middle[] = {1, 0, 0, 1}, spread[] = {0.3f, 0.3f, 0.3f, 0.5f};
    int out = sizes[0], in = sizes[1], kernel = sizes[2];
    char full[160];
    snprintf(full, sizeof full, "image_encoder.%s.%s.conv.weight", prefix, name);
    small_model_add(model, full, 0, 1.5f / (float)kernel / sqrtf((float)in), 4, out, in, kernel,
                    kernel);
    if (parts & WITH_BIAS) {
        snprintf(full, sizeof full, "image_encoder.%s.%s.conv.bias", prefix, name);
        small_model_add(model, full, 0, 0.3f, 1, out);
    }
    for (int i = 0; (parts & WITH_NORM) && i < 4; i++) {
        snprintf(full, sizeof full, "image_encoder.%s.%s.norm.%s", prefix, name, norms[i]);
        small_model_add(model, full, middle[i], spread[i], 1, out);
    }
}

static inline void efficientvit_fused(struct small_model *model, const char *prefix, int in,
                                      int hidden, int out)
{
    efficientvit_conv(model, prefix, "main.spatial_conv", (int[]){hidden, in, 3}, WITH_NORM);
    efficientvit_conv(model, prefix, "main.point_conv", (int[]){out, hidden, 1}, WITH_NORM);
}

static inline void efficientvit_inverted(struct small_model *model, const char *prefix, int in,
                                         int hidden, int out)
{
    efficientvit_conv(model, prefix, "main.inverted_conv", (int[]){hidden, in, 1}, WITH_BIAS);
    efficientvit_conv(model, prefix, "main.depth_conv", (int[]){hidden, 1, 3}, WITH_BIAS);
    efficientvit_conv(model, prefix, "main.point_conv", (int[]){out, hidden, 1}, WITH_NORM);
}

static inline void efficientvit_attention(struct small_model *model, const char *prefix,
                                          const struct efficientvit_shape *s, int width)
{
    int heads = width / s->dim > 0 ? width / s->dim : 1, all = 3 * heads * s->dim;
    char text[128];
    efficientvit_conv(model, prefix, "context_module.main.qkv", (int[]){all, width, 1}, 0);
    efficientvit_conv(model, prefix, "context_module.main.proj",
                      (int[]){width, 2 * heads * s->dim, 1}, WITH_NORM);
    snprintf(text, sizeof text, "image_encoder.%s.context_module.main.aggreg.0.0.weight", prefix);
    small_model_add(model, text, 0, 0.4f, 4, all, 1, s->kernel, s->kernel);
    snprintf(text, sizeof text, "image_encoder.%s.context_module.main.aggreg.0.1.weight", prefix);
    small_model_add(model, text, 0, 0.4f, 4, all, s->dim, 1, 1);
    snprintf(text, sizeof text, "%s.local_module", prefix);
    efficientvit_inverted(model, text, width, 6 * width, width);
}

static inline void efficientvit_stage(struct small_model *model, const struct efficientvit_shape *s,
                                      int stage)
{
    int in = s->widths[stage - 1], width = s->widths[stage];
    char kind = s->kinds[stage - 1], prefix[64];
    snprintf(prefix, sizeof prefix, "backbone.stages.%d.op_list.0", stage);
    if (kind == 'f')
        efficientvit_fused(model, prefix, in, 3 * in, width);
    else
        efficientvit_inverted(model, prefix, in, 16 * in, width);
    for (int b = 1; b <= s->depths[stage]; b++) {
        snprintf(prefix, sizeof prefix, "backbone.stages.%d.op_list.%d", stage, b);
        if (kind == 'f')
            efficientvit_fused(model, prefix, width, 2 * width, width);
        else if (kind == 'i')
            efficientvit_inverted(model, prefix, width, 8 * width, width);
        else
            efficientvit_attention(model, prefix, s, width);
    }
}

static inline unsigned char *efficientvit_make(const struct efficientvit_shape *s, size_t *size)
{
    struct small_model model;
    int width = s->neck_width;
    char prefix[64];
    small_model_begin(&model, 13);
    efficientvit_conv(&model, "backbone.stages.0.op_list", "0", (int[]){s->widths[0], 3, 3},
                      WITH_NORM);
    for (int b = 1; b <= s->depths[0]; b++) {
        snprintf(prefix, sizeof prefix, "backbone.stages.0.op_list.%d", b);
        efficientvit_conv(&model, prefix, "main.conv1", (int[]){7, s->widths[0], 3}, WITH_NORM);
        efficientvit_conv(&model, prefix, "main.conv2", (int[]){s->widths[0], 7, 3}, WITH_NORM);
    }
    for (int i = 1; i < s->stages; i++)
        efficientvit_stage(&model, s, i);
    for (int i = 0; i < 3; i++) {
        snprintf(prefix, sizeof prefix, "neck.input_ops.%d.op_list", i);
        efficientvit_conv(&model, prefix, "0", (int[]){width, s->widths[s->stages - 1 - i], 1},
                          WITH_NORM);
    }
    for (int i = 0; i < s->neck_depth; i++) {
        snprintf(prefix, sizeof prefix, "neck.middle.op_list.%d", i);
        efficientvit_fused(&model, prefix, width, s->neck_hidden, width);
    }
    efficientvit_conv(&model, "neck.output_ops.0.op_list", "0", (int[]){s->channels, width, 1},
                      WITH_BIAS);
    small_model_add(&model, "image_encoder.norm.weight", 1, 0.3f, 1, s->channels);
    small_model_add(&model, "image_encoder.norm.bias", 0, 0.3f, 1, s->channels);
    return small_model_end(&model, size);
}

#endif
