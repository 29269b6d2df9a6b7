/* repvit_weights.h - the tensors of the RepViT trunk that RepViT-SAM and EdgeTAM share, its parallel
 * branches and BatchNorms folded into single convolutions, and the sizes derived from the shapes.
 *
 * The stem divides the side of the image by 4. Then come blocks:
 *
 *   y = local(x)              depthwise 3x3; where a stage begins, with stride, and widen(local(x))
 *   y = y * gate(y)           squeeze-excite, in some blocks
 *   x = y + project(gelu(expand(y)))
 *
 * local is trained as norm(norm(3x3) + 1x1 + identity), or as norm(3x3) + norm(1x1) + identity. All
 * of it is one 3x3 convolution. */
#ifndef MODEL_ENCODERS_REPVIT_WEIGHTS_H
#define MODEL_ENCODERS_REPVIT_WEIGHTS_H

#include "model/kernels/conv.h"
#include "model/kernels/squeeze.h"

struct checkpoint;
struct error;

enum { REPVIT_STAGES_MAX = 4 };

struct repvit_block_weights {
    size_t side;                 /* of the result; strides divide it */
    struct conv local;           /* depthwise 3x3 */
    struct squeeze squeeze;      /* reduced is 0 if there is none */
    struct conv widen;           /* 1x1 to another width; out is 0 if there is none */
    struct conv expand, project; /* 1x1: D -> hidden -> D */
};

struct repvit_weights {
    size_t image_size;        /* S */
    struct conv stem1, stem2; /* GELU between them */
    size_t count;
    struct repvit_block_weights *blocks; /* [count] owned */
    size_t stages;                       /* 1 in RepViT-SAM's names, which have none */
    size_t ends[REPVIT_STAGES_MAX];      /* the number of blocks up to the end of each stage */
};

/* Which names the tensors have: "image_encoder.features.N..." (RepViT-SAM), or those of timm,
 * "image_encoder.trunk.body.stages_N..." (EdgeTAM). */
enum repvit_naming { REPVIT_SAM, REPVIT_TIMM };

/* Reads and folds. `image_size` is S. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in either
 * case repvit_weights_free is due. */
int repvit_weights_read(struct repvit_weights *weights, struct checkpoint *checkpoint,
                        enum repvit_naming naming, int image_size, struct error *error);
void repvit_weights_free(struct repvit_weights *weights);

#endif
