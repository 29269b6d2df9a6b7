/* conv.h - a square convolution in the checkpoint's layout, before a kernel packs it. */
#ifndef MODEL_KERNELS_CONV_H
#define MODEL_KERNELS_CONV_H

#include <stddef.h>

/* Padding is kernel / 2. `groups` is `in` for a depthwise convolution, otherwise 1. BatchNorm is
 * already folded in. */
struct conv {
    size_t in, out, kernel, stride, groups;
    float *weight; /* [out][in / groups][kernel][kernel], owned */
    float *bias;   /* [out], owned */
};

#endif
