/* mbconv.h - TinyViT's inverted bottleneck (MBConv), and the merge between stages.
 *
 *   from -> 1x1 expand, GELU -> depthwise 3x3 with stride, GELU -> 1x1 project -> to
 *   MBConv: stride 1, then to = GELU(to + from)
 *
 * The expanded layer is never stored whole: a task keeps three expanded rows and walks down its
 * strip. */
#ifndef MODEL_KERNELS_MBCONV_H
#define MODEL_KERNELS_MBCONV_H

#include <stdbool.h>

#include "base/memory.h"
#include "model/kernels/conv.h"
#include "model/kernels/depthwise.h"
#include "model/kernels/kernels.h"
#include "model/kernels/matmul.h"
#include "model/kernels/plane.h"

/* The convolutions as read. */
struct mbconv_weights {
    struct conv expand, depthwise, project;
};

/* Packed. */
struct mbconv {
    size_t in, out;
    bool residual;                /* MBConv: adds `from`, then GELU */
    struct matmul_packed expand;  /* [in][hidden] */
    struct depthwise depthwise;   /* hidden channels */
    struct matmul_packed project; /* [hidden][out] */
};

/* Packs; the bias of the depthwise convolution must outlive *mbconv. Returns 0, or -1 with
 * ERROR_MEMORY; in either case mbconv_free is due. */
int mbconv_pack(struct mbconv *mbconv, enum isa isa, const struct mbconv_weights *weights,
                bool residual, struct error *error);
void mbconv_free(struct mbconv *mbconv);

/* The scratch of one thread; `hidden` is the largest number of hidden channels. */
struct mbconv_scratch {
    float *ring;  /* [3] expanded rows */
    float *mixed; /* [positions][hidden] after the depthwise convolution */
};
void mbconv_layout(struct mbconv_scratch *scratch, size_t hidden, struct arena *arena);

/* `scratch` has an entry for each thread. The side of `to` is from->side / stride; it is another
 * plane. */
void mbconv_run(const struct mbconv *mbconv, const struct mbconv_scratch *scratch,
                const struct plane *from, const struct plane *to, int threads);

#endif
