/* neck.h - the last stage of both image encoders: x[N][in] -> embedding[C][G][G].
 *
 *   1x1 convolution without bias -> LayerNorm2d -> 3x3 convolution without bias, zero padding ->
 *   LayerNorm2d */
#ifndef MODEL_ENCODERS_NECK_H
#define MODEL_ENCODERS_NECK_H

#include "base/memory.h"
#include "model/decoder/layers.h"
#include "model/kernels/conv3.h"

struct checkpoint;

/* The tensors as read; they point into the checkpoint. */
struct neck_weights {
    size_t grid, in, out; /* G, channels before, C */
    const float *conv1;   /* [C][in] */
    struct norm norm1;
    const float *conv2; /* [C][C][3][3] */
    struct norm norm2;
};

static const float NECK_NORM_EPS = 1e-6f; /* of LayerNorm2d in the official code */

/* Reads image_encoder.neck.*; C comes from the first shape. Returns 0, or -1 with ERROR_MODEL. */
int neck_read(struct neck_weights *weights, struct checkpoint *checkpoint, size_t grid, size_t in,
              struct error *error);

struct neck {
    struct neck_weights weights; /* conv1 and conv2 are NULL */
    struct matmul_packed conv1;  /* [in][C] */
    struct conv3 conv2;
};

/* Packs the weights and releases the memory of both convolutions in the checkpoint.
 * Returns 0, or -1 with ERROR_MEMORY; in either case neck_free is due. */
int neck_pack(struct neck *neck, struct neck_weights *weights, struct checkpoint *checkpoint,
              enum isa isa, struct error *error);
void neck_free(struct neck *neck);

struct neck_scratch {
    struct plane inner; /* G, C: between the convolutions */
    float *rows;        /* [N][C] */
};
void neck_layout(struct neck_scratch *scratch, const struct neck *neck, struct arena *arena);

/* x -> embedding[C][G][G] with up to `threads` threads. Row r of the grid is x[G][in] at x + r *
 * x_row. */
void neck_run(const struct neck *neck, const struct neck_scratch *scratch, const float *x,
              size_t x_row, int threads, float *embedding);

#endif
