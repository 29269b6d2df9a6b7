/* linear_attention.h - attention with ReLU in place of the softmax, so that its cost is linear in
 * the number of positions (EfficientViT). For each head,
 *
 *   out = q K v / (q k1 + eps), with q = ReLU(query), K v = the sum over positions of ReLU(key)^T
 *   value, and k1 = the sum over positions of ReLU(key)
 */
#ifndef MODEL_KERNELS_LINEAR_ATTENTION_H
#define MODEL_KERNELS_LINEAR_ATTENTION_H

#include "base/isa.h"
#include "base/memory.h"

/* The scratch of one thread. */
struct linear_attention {
    float *queries, *keys; /* [positions][dim] after ReLU */
    float *state;          /* [dim][dim] */
    float *sum;            /* [dim] */
};

void linear_attention_layout(struct linear_attention *scratch, size_t positions, size_t dim,
                             struct arena *arena);

struct linear_attention_head {
    size_t positions, dim;
    const float *qkv; /* [positions][q, k, v][dim] */
    size_t qkv_row;   /* floats between positions */
    float *out;       /* [positions][dim] */
    size_t out_row;
};

/* One head. */
void linear_attention_run(enum isa isa, const struct linear_attention *scratch,
                          const struct linear_attention_head *head);

#endif
