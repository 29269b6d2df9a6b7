/* small_layers.h - layers of small random image encoders (small_model.h). */
#ifndef TESTS_UNIT_SMALL_LAYERS_H
#define TESTS_UNIT_SMALL_LAYERS_H

#include <math.h>

#include "tests/unit/small_model.h"

/* A convolution image_encoder.PREFIX.c without a bias, and the BatchNorm PREFIX.bn behind it. */
static inline void add_conv(struct small_model *model, const char *prefix, int out, int in,
                            int kernel)
{
    static const char *const parts[] = {"bn.weight", "bn.bias", "bn.running_mean",
                                        "bn.running_var"};
    static const float middle[] = {1, 0, 0, 1}, spread[] = {0.3f, 0.3f, 0.3f, 0.5f};
    char name[128];
    snprintf(name, sizeof name, "image_encoder.%s.c.weight", prefix);
    small_model_add(model, name, 0, 1.5f / (float)kernel / sqrtf((float)in), 4, out, in, kernel,
                    kernel);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "image_encoder.%s.%s", prefix, parts[i]);
        small_model_add(model, name, middle[i], spread[i], 1, out);
    }
}

/* SAM's neck. */
static inline void add_neck(struct small_model *model, int width, int channels)
{
    static const char *const norms[] = {"image_encoder.neck.1.weight", "image_encoder.neck.1.bias",
                                        "image_encoder.neck.3.weight", "image_encoder.neck.3.bias"};
    small_model_add(model, "image_encoder.neck.0.weight", 0, 1.5f / sqrtf((float)width), 4,
                    channels, width, 1, 1);
    small_model_add(model, "image_encoder.neck.2.weight", 0, 0.5f / sqrtf((float)channels), 4,
                    channels, channels, 3, 3);
    for (int i = 0; i < 4; i++)
        small_model_add(model, norms[i], i % 2 ? 0 : 1, 0.3f, 1, channels);
}

#endif
