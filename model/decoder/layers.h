/* layers.h - the layers that the prompt encoder and the mask decoder are made of, read from a
 * checkpoint as pairs of weight and bias. Pointers to tensors live as long as the checkpoint. */
#ifndef MODEL_DECODER_LAYERS_H
#define MODEL_DECODER_LAYERS_H

#include "model/checkpoint/shape.h"
#include "model/kernels/matmul.h"

struct checkpoint;
struct error;

/* y = x @ weight^T + bias */
struct linear {
    int in, out;
    const float *weight;         /* [out][in] */
    const float *bias;           /* [out] */
    struct matmul_packed packed; /* owned: weight^T with bias, for products */
};

/* y = (x - mean) / sqrt(variance + eps) * gain + shift over `width` channels */
struct norm {
    int width;
    const float *gain;  /* [width] */
    const float *shift; /* [width] */
};

/* A convolution of 2x2 with stride 2. */
struct convolution {
    int in, out;
    const float *weight; /* [out][in][2][2]; transposed ones [in][out][2][2] */
    const float *bias;   /* [out] */
};

enum { MLP_DEPTH_MAX = 8 };

/* Linear layers with ReLU between them. */
struct mlp {
    int depth; /* 1..MLP_DEPTH_MAX */
    struct linear layers[MLP_DEPTH_MAX];
};

/* Each reads PREFIXweight and PREFIXbias (`prefix` ends with a dot) with exactly these sizes.
 * Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY. linear_free is for a loaded or a zeroed one.
 */
int linear_load(struct linear *linear, struct checkpoint *checkpoint, const char *prefix, int in,
                int out, enum isa isa, struct error *error);
void linear_free(struct linear *linear);
int norm_load(struct norm *norm, struct checkpoint *checkpoint, const char *prefix, int width,
              struct error *error);
int convolution_load(struct convolution *convolution, struct checkpoint *checkpoint,
                     const char *prefix, int in, int out, struct error *error);
int convolution_transposed_load(struct convolution *convolution, struct checkpoint *checkpoint,
                                const char *prefix, int in, int out, struct error *error);

/* Reads PREFIX0., PREFIX1. ... as long as there are layers; all hidden layers have the width that
 * the first one's shape says. Returns 0, or -1 as above. */
int mlp_load(struct mlp *mlp, struct checkpoint *checkpoint, const char *prefix, int in, int out,
             enum isa isa, struct error *error);
void mlp_free(struct mlp *mlp);

/* The widest layer's output. */
int mlp_width(const struct mlp *mlp);

/* y[rows][out] = x[rows][in] @ weight^T + bias; rows of x lie x_row floats apart, those of y are
 * adjacent. A row's bits do not depend on the other rows. */
void linear_apply(const struct linear *linear, int rows, const float *x, int x_row, float *y);

/* y[rows][out] of x[rows][in]; `scratch` holds 2 * rows * mlp_width floats. */
void mlp_apply(const struct mlp *mlp, int rows, const float *x, int x_row, float *scratch,
               float *y);

/* x[rows][width] normalised in place; eps is 1e-5 for LayerNorm, 1e-6 for LayerNorm2d. */
void norm_apply(const struct norm *norm, float eps, int rows, float *x);

/* x[count] = max(x, 0) */
void relu_apply(float *x, size_t count);

/* The shape of tensor `name`, which must be there and have `rank` sizes, all positive.
 * Returns 0, or -1 with ERROR_MODEL. */
int known_shape(const struct checkpoint *checkpoint, const char *name, int rank,
                struct shape *shape, struct error *error);

/* Size number `dimension` of tensor `name`, required to have `rank` dimensions and to lie within
 * 1..max there. Returns it, or -1 with ERROR_MODEL. */
int tensor_size(const struct checkpoint *checkpoint, const char *name, int rank, int dimension,
                int max, struct error *error);

#endif
