#include "model/kernels/depthwise.h"

#include "base/memory.h"

int depthwise_pack(struct depthwise *depthwise, const struct conv *conv, struct error *error)
{
    size_t channels = conv->out, taps = conv->kernel * conv->kernel;
    *depthwise = (struct depthwise){channels, conv->kernel, conv->stride, NULL, conv->bias};
    depthwise->weight = memory_new(taps * channels, sizeof(float), "convolution", error);
    if (!depthwise->weight)
        return -1;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < taps; i++)
            depthwise->weight[i * channels + c] = conv->weight[c * taps + i];
    return 0;
}

void depthwise_free(struct depthwise *depthwise)
{
    memory_free(depthwise->weight);
    *depthwise = (struct depthwise){0};
}
