/* fused_mbconv.h - EfficientViT's bottleneck with one dense convolution (FusedMBConv):
 *
 *   from -> 3x3 with stride, GELU by tanh -> 1x1 project -> to; with `residual`, to += from
 *
 * The hidden layer is never stored whole: a task makes some positions of it and projects them. */
#ifndef MODEL_KERNELS_FUSED_MBCONV_H
#define MODEL_KERNELS_FUSED_MBCONV_H

#include "model/kernels/matmul.h"
#include "model/kernels/winograd.h"

/* The convolutions as read. */
struct fused_mbconv_weights {
    struct conv spatial, project;
};

/* Packed. */
struct fused_mbconv {
    bool residual; /* only with stride 1 */
    struct winograd spatial;
    struct matmul_packed project; /* [hidden][out] */
};

/* Packs. Returns 0, or -1 with ERROR_MEMORY; in either case fused_mbconv_free is due. */
int fused_mbconv_pack(struct fused_mbconv *fused, enum isa isa,
                      const struct fused_mbconv_weights *weights, bool residual,
                      struct error *error);
void fused_mbconv_free(struct fused_mbconv *fused);

/* The scratch of one thread, for any number of blocks. */
struct fused_mbconv_scratch {
    struct winograd_scratch winograd;
    float *hidden; /* [positions][hidden] */
    float *result; /* [positions][out] */
};

/* The largest sizes of the blocks that share a scratch; start with zeros and add each block. */
struct fused_mbconv_sizes {
    size_t inputs, hidden, result; /* floats */
};

void fused_mbconv_measure(struct fused_mbconv_sizes *sizes,
                          const struct fused_mbconv_weights *weights);
void fused_mbconv_layout(struct fused_mbconv_scratch *scratch,
                         const struct fused_mbconv_sizes *sizes, struct arena *arena);

/* `scratch` has an entry for each thread. The side of `to` is from->side / stride; it is another
 * plane, and its side is a multiple of WINOGRAD_SIDE. */
void fused_mbconv_run(const struct fused_mbconv *fused, const struct fused_mbconv_scratch *scratch,
                      const struct plane *from, const struct plane *to, int threads);

#endif
