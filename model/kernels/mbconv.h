/* mbconv.h - TinyViT's inverted bottleneck (MBConv), and the merge between stages.
 *
 *   from -> 1x1 expand, GELU -> depthwise 3x3 with stride, GELU -> 1x1 project -> to
 *   MBConv: stride 1, then to = GELU(to + from)
 *
 * The expanded rows are never stored: a tile of the result keeps three of them and walks down. */
#ifndef MODEL_KERNELS_MBCONV_H
#define MODEL_KERNELS_MBCONV_H

#include <stdbool.h>

#include "base/memory.h"
#include "model/kernels/conv.h"
#include "model/kernels/matmul.h"
#include "model/kernels/plane.h"

struct mbconv {
    size_t in, hidden, out, stride;
    bool residual;                /* and GELU at the end */
    struct matmul_packed expand;  /* [in][hidden] */
    float *depthwise;             /* [3][3][hidden], owned */
    const float *depthwise_bias;  /* [hidden] */
    struct matmul_packed project; /* [hidden][out] */
};

/* Packs three folded convolutions, which must outlive *mbconv. Returns 0, or -1 with
 * ERROR_MEMORY; in either case mbconv_free is due. */
int mbconv_pack(struct mbconv *mbconv, enum isa isa, const struct conv *expand,
                const struct conv *depthwise, const struct conv *project, bool residual,
                struct error *error);
void mbconv_free(struct mbconv *mbconv);

/* The weights of a depthwise convolution with channels last: [3][3][channels], the caller's.
 * NULL with ERROR_MEMORY. */
float *depthwise_pack(const struct conv *conv, struct error *error);

/* What one thread needs for the largest of `hidden` channels. */
struct mbconv_scratch {
    float *ring;  /* [3] expanded rows */
    float *mixed; /* [positions][hidden] after the depthwise convolution */
};
void mbconv_layout(struct mbconv_scratch *scratch, size_t hidden, struct arena *arena);

/* `scratch` has one entry a thread. `to` is another plane, of side from->side / stride. */
void mbconv_run(const struct mbconv *mbconv, const struct mbconv_scratch *scratch,
                const struct plane *from, const struct plane *to, int threads);

#endif
