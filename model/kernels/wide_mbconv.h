/* wide_mbconv.h - EfficientViT's inverted bottleneck (MBConv), whose hidden layer has thousands of
 * channels:
 *
 *   from -> 1x1 expand, GELU by tanh -> depthwise 3x3 with stride, GELU by tanh -> 1x1 project -> to
 *   with `residual`, to += from
 *
 * Parts of the hidden channels take their turn, so that the weights of a part stay in cache: all
 * positions are expanded, then all rows are convolved and projected. (mbconv.h goes row by row.) */
#ifndef MODEL_KERNELS_WIDE_MBCONV_H
#define MODEL_KERNELS_WIDE_MBCONV_H

#include "model/kernels/mbconv.h"

/* One part of the hidden channels, packed. */
struct wide_mbconv_part {
    struct matmul_packed expand;  /* [in][channels] */
    struct depthwise depthwise;   /* channels */
    struct matmul_packed project; /* [channels][out]; the first part has the bias */
};

struct wide_mbconv {
    size_t in, out, stride;
    bool residual; /* only with stride 1 */
    size_t part_count;
    struct wide_mbconv_part *parts; /* [part_count] */
};

/* Packs; the bias of the depthwise convolution must outlive *mbconv. Returns 0, or -1 with
 * ERROR_MEMORY; in either case wide_mbconv_free is due. */
int wide_mbconv_pack(struct wide_mbconv *mbconv, enum isa isa, const struct mbconv_weights *weights,
                     bool residual, struct error *error);
void wide_mbconv_free(struct wide_mbconv *mbconv);

/* The largest sizes of the blocks that share a scratch, in floats; start with zeros and add each
 * block. */
struct wide_mbconv_sizes {
    size_t expanded, mixed;
};

/* `side` is that of the block's input. */
void wide_mbconv_measure(struct wide_mbconv_sizes *sizes, const struct mbconv_weights *weights,
                         size_t side);

/* The scratch of all threads, for any number of blocks. */
struct wide_mbconv_scratch {
    float *expanded;   /* a plane of one part's channels */
    float *mixed;      /* for each thread: some rows after the depthwise convolution */
    size_t mixed_size; /* floats of one thread */
};
void wide_mbconv_layout(struct wide_mbconv_scratch *scratch, const struct wide_mbconv_sizes *sizes,
                        size_t threads, struct arena *arena);

/* The side of `to` is from->side / stride; it is another plane. The frame of `from` is zero. */
void wide_mbconv_run(const struct wide_mbconv *mbconv, const struct wide_mbconv_scratch *scratch,
                     const struct plane *from, const struct plane *to, int threads);

#endif
