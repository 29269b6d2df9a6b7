/* layers.h - the layers that models are made of, read from a checkpoint as pairs of weight and
 * bias. Pointers to tensors live as long as the checkpoint. */
#ifndef MODEL_DECODER_LAYERS_H
#define MODEL_DECODER_LAYERS_H

#include <stdbool.h>

#include "model/checkpoint/shape.h"
#include "model/kernels/matmul.h"

struct checkpoint;
struct error;
struct half16_kernel;

/* Where layers are read from, and what for. */
struct layer_source {
    struct checkpoint *checkpoint;
    enum isa isa;     /* of packed weights */
    const char *what; /* names packed weights in messages: "weights of the mask decoder" */
    struct error *error;
};

/* y = x @ weight^T + bias */
struct linear {
    int in, out;
    const float *weight;         /* [out][in] */
    const float *bias;           /* [out] */
    struct matmul_packed packed; /* owned: weight^T with bias, for products; empty until packed */
};

/* y = (x - mean) / sqrt(variance + eps) * weight + bias over `width` channels */
struct norm {
    int width;
    const float *weight; /* [width] */
    const float *bias;   /* [width] */
};

/* A convolution of 2x2 with stride 2. */
struct convolution {
    int in, out;
    const float *weight; /* [out][in][2][2]; if transposed, [in][out][2][2] */
    const float *bias;   /* [out] */
};

enum { MLP_DEPTH_MAX = 8 };

/* Linear layers with ReLU between them, or GELU. */
struct mlp {
    bool gelu;
    int depth; /* 1..MLP_DEPTH_MAX */
    struct linear layers[MLP_DEPTH_MAX];
};

/* The functions below read PREFIXweight and PREFIXbias (`prefix` ends with a dot) and check that
 * their sizes are exactly these. Each returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY. */

/* Sets all but `packed`, which becomes empty. */
int linear_read(struct linear *linear, const struct layer_source *from, const char *prefix, int in,
                int out);

/* As linear_read, and packs the weights. Freed by linear_free, also after a failure. */
int linear_load(struct linear *linear, const struct layer_source *from, const char *prefix, int in,
                int out);

/* Packs the weights of a packed layer again, as elements in 16 bits (model/kernels/half16.h); then so is x
 * of linear_apply. Freed by linear_free, also after a failure. */
int linear_pack_half16(struct linear *linear, const struct half16_kernel *half16, const char *what,
                       struct error *error);

/* A zeroed layer is allowed. */
void linear_free(struct linear *linear);

int norm_load(struct norm *norm, const struct layer_source *from, const char *prefix, int width);
int convolution_load(struct convolution *convolution, const struct layer_source *from,
                     const char *prefix, int in, int out);
int convolution_transposed_load(struct convolution *convolution, const struct layer_source *from,
                                const char *prefix, int in, int out);

/* Reads the linear layers PREFIX0., PREFIX1. ... up to the first that is missing. All hidden
 * layers have the width that the first one's shape says. `gelu` stays as it is. Freed by
 * mlp_free, also after a failure. */
int mlp_load(struct mlp *mlp, const struct layer_source *from, const char *prefix, int in, int out);

/* A zeroed one is allowed. */
void mlp_free(struct mlp *mlp);

/* The widest layer's output. */
int mlp_width(const struct mlp *mlp);

/* y[rows][out] = x[rows][in] @ weight^T + bias of a packed layer; rows of x lie x_row floats apart,
 * those of y are adjacent. A row's bits do not depend on the other rows. */
void linear_apply(const struct linear *linear, int rows, const float *x, int x_row, float *y);

/* y[rows][out] of x[rows][in]; `scratch` holds 2 * rows * mlp_width floats. */
void mlp_apply(const struct mlp *mlp, int rows, const float *x, int x_row, float *scratch,
               float *y);

/* eps of torch.nn.LayerNorm, and of LayerNorm2d in segment_anything/modeling/common.py. */
static const float LAYER_NORM_EPS = 1e-5f;
static const float LAYER_NORM_2D_EPS = 1e-6f;

/* x[rows][width] normalised in place. */
void norm_apply(const struct norm *norm, float eps, int rows, float *x);

/* x[count] = max(x, 0) */
void relu_apply(float *x, size_t count);

/* x[count] = x times the normal distribution's probability of values below x */
void gelu_apply(float *x, size_t count);

enum { KNOWN_SIZE_MAX = 1 << 16 };

/* The shape of tensor `name`, from which an architecture is derived. The tensor must be there and
 * have `rank` sizes of 1..KNOWN_SIZE_MAX. Returns 0, or -1 with ERROR_MODEL. */
int known_shape(const struct checkpoint *checkpoint, const char *name, int rank,
                struct shape *shape, struct error *error);

#endif
