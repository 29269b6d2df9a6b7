/* The config.json of transformers beside a CLIP: what it says of activations and heads. */
#include "replay.h"

#include "base/error.h"
#include "model/clip/clip_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clip_weights weights = {.image.tower = {.width = 128, .heads = 2},
                                   .text.tower = {.width = 64, .heads = 1}};
    struct error error = {0};
    clip_config_read(&weights, (const char *)data, size, &error);
    return 0;
}
