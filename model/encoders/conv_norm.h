/* conv_norm.h - convolutions with a BatchNorm behind them, read as one convolution. The BatchNorm is
 * folded in, in double precision. Names are those of TinyViT and RepViT; EfficientViT's are read by
 * efficientvit_conv.h. */
#ifndef MODEL_ENCODERS_CONV_NORM_H
#define MODEL_ENCODERS_CONV_NORM_H

#include "model/kernels/conv.h"

struct checkpoint;
struct error;

/* A BatchNorm as read; the pointers live as long as the checkpoint. */
struct batch_norm {
    double eps;
    const float *weight, *bias, *mean, *variance; /* [channels] */
};

/* Reads PREFIX.weight, .bias, .running_mean and .running_var, each [channels]. eps becomes 1e-5,
 * PyTorch's default. Returns 0, or -1 with ERROR_MODEL: also for a negative variance. */
int batch_norm_read(struct batch_norm *norm, struct checkpoint *checkpoint, const char *prefix,
                    size_t channels, struct error *error);

/* What the BatchNorm does to a channel: x * factor + shift, with factor = weight / sqrt(variance +
 * eps) and shift = bias - mean * factor. */
struct batch_norm_map {
    double factor, shift;
};
struct batch_norm_map batch_norm_map(const struct batch_norm *norm, size_t channel);

/* Convolutions of these sizes, still without weights. */
static inline struct conv conv_dense(size_t in, size_t out, size_t kernel, size_t stride)
{
    return (struct conv){.in = in, .out = out, .kernel = kernel, .stride = stride, .groups = 1};
}

static inline struct conv conv_depthwise(size_t channels, size_t kernel, size_t stride)
{
    return (struct conv){
        .in = channels, .out = channels, .kernel = kernel, .stride = stride, .groups = channels};
}

/* Zeroed memory for the weights and biases of a convolution whose sizes are set. Returns 0, or -1
 * with ERROR_MEMORY; in either case conv_free is due. */
int conv_new(struct conv *conv, struct error *error);

/* Reads PREFIX.c, a convolution without a bias whose sizes are set, and folds PREFIX.bn into it.
 * Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in either case conv_free is due. */
int conv_norm_read(struct conv *conv, struct checkpoint *checkpoint, const char *prefix,
                   struct error *error);

/* Frees the weights alone, once they are packed. */
void conv_drop_weight(struct conv *conv);

/* A zeroed one is allowed. */
void conv_free(struct conv *conv);

#endif
