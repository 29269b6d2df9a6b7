/* linear_attention_kernel.h - what stands before and behind the products of linear_attention.h,
 * compiled for each instruction set. */
#ifndef MODEL_KERNELS_LINEAR_ATTENTION_KERNEL_H
#define MODEL_KERNELS_LINEAR_ATTENTION_KERNEL_H

#include "model/kernels/linear_attention.h"

struct linear_attention_kernel {
    /* Fills queries, keys and sum. */
    void (*gather)(const struct linear_attention *scratch,
                   const struct linear_attention_head *head);

    /* Divides each position of head->out by query.sum + eps. */
    void (*divide)(const struct linear_attention *scratch, const struct linear_attention_head *head,
                   float eps);
};

#endif
