/* neck_weights.h - the last stage of both image encoders: 1x1 convolution without bias,
 * LayerNorm2d, 3x3 convolution without bias and with zero padding, LayerNorm2d.
 * x[N][in] -> embedding[C][G][G]. */
#ifndef MODEL_NECK_WEIGHTS_H
#define MODEL_NECK_WEIGHTS_H

#include <stddef.h>

struct checkpoint;
struct error;

/* The tensors as read; they point into the checkpoint. */
struct neck_weights {
    size_t grid, in, out;                   /* G, channels before, C */
    const float *conv1;                     /* [C][in] */
    const float *norm1_weight, *norm1_bias; /* [C] */
    const float *conv2;                     /* [C][C][3][3] */
    const float *norm2_weight, *norm2_bias; /* [C] */
};

static const float NECK_NORM_EPS = 1e-6f; /* LayerNorm2d in the reference */

/* Reads image_encoder.neck.*; C comes from the first shape. Returns 0, or -1 with ERROR_MODEL. */
int neck_read(struct neck_weights *weights, struct checkpoint *checkpoint, size_t grid, size_t in,
              struct error *error);

#endif
