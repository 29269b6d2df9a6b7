/* conv.h - a square convolution as a checkpoint has it, before it is packed for a kernel. */
#ifndef MODEL_KERNELS_CONV_H
#define MODEL_KERNELS_CONV_H

#include <stddef.h>

/* Padding is kernel / 2. Depthwise if groups equals in, otherwise groups is 1. A BatchNorm behind
 * the convolution is already folded in. */
struct conv {
    size_t in, out, kernel, stride, groups;
    float *weight; /* [out][in / groups][kernel][kernel], owned */
    float *bias;   /* [out], owned */
};

#endif
