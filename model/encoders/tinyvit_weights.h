/* tinyvit_weights.h - the tensors of MobileSAM's TinyViT image encoder, BatchNorm folded into the
 * convolutions, and the sizes derived from the shapes.
 *
 * The stem halves the image twice; stage 0 is MBConv blocks, stages 1 to 3 are windowed attention.
 * A merge follows each of the first three stages; the last one keeps the resolution. Sides:
 *
 *   S -> stem S/4 -> stage 0 -> merge S/8 -> stage 1 -> merge S/16 -> stage 2 -> merge S/16
 *     -> stage 3 */
#ifndef MODEL_ENCODERS_TINYVIT_WEIGHTS_H
#define MODEL_ENCODERS_TINYVIT_WEIGHTS_H

#include <stddef.h>

#include "model/decoder/layers.h"
#include "model/encoders/neck.h"
#include "model/kernels/mbconv.h"

struct checkpoint;
struct error;

enum { TINYVIT_STAGES = 4 };

struct tinyvit_block {
    struct norm norm;
    struct linear qkv;   /* D -> [H][q, k, v][E] */
    struct linear proj;  /* D -> D */
    const float *biases; /* [H][window^2], at |r - r'| * window + |c - c'| */
    struct conv local;   /* depthwise 3x3 */
    struct norm mlp_norm;
    struct linear fc1, fc2; /* D -> hidden -> D */
};

struct tinyvit_stage {
    size_t width, depth;          /* D, blocks */
    size_t side;                  /* positions along one side */
    size_t heads, window, hidden; /* stages 1 to 3; hidden is the MLP's width */
    struct mbconv_weights *convs; /* [depth] in stage 0, owned */
    struct tinyvit_block *blocks; /* [depth] in the others, owned */
    struct mbconv_weights merge;  /* stages 0 to 2 */
};

struct tinyvit_weights {
    size_t image_size, grid;  /* S, G */
    struct conv stem1, stem2; /* GELU between them */
    struct tinyvit_stage stages[TINYVIT_STAGES];
    struct neck_weights neck;
};

/* Derives the sizes and reads every tensor of image_encoder, for images of side `image_size`, a
 * multiple of 16. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in either case
 * tinyvit_weights_free is due. */
int tinyvit_weights_read(struct tinyvit_weights *weights, struct checkpoint *checkpoint,
                         int image_size, struct error *error);
void tinyvit_weights_free(struct tinyvit_weights *weights);

#endif
