/* attention_kernel.h - the inner loops of attention.c, compiled for each instruction set. */
#ifndef MODEL_KERNELS_ATTENTION_KERNEL_H
#define MODEL_KERNELS_ATTENTION_KERNEL_H

#include "model/kernels/attention.h"

struct attention_kernel {
    /* scores[key - first] = the bias of keys first .. first + count - 1. */
    void (*fill)(const struct attention_bias *bias, size_t first, size_t count, float *scores);

    /* One step of an online softmax with base 2, down the columns of s[keys][width]. max[width] and
     * sum[width] are over all steps so far (-INFINITY and 0 before the first):
     *   factor = 2^(old max - new max),  s = 2^(s - new max),  sum = factor * sum + sum over keys
     */
    void (*softmax)(size_t keys, float *s, float *max, float *sum, float *factor);

    /* Row r of x[width][n] times factor[r]. */
    void (*scale)(size_t n, const float *factor, float *x);
};

const struct attention_kernel *attention_kernel(enum isa isa);

#endif
