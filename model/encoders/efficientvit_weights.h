/* efficientvit_weights.h - the tensors of EfficientViT-SAM's image encoder, BatchNorm folded into
 * the convolutions, and the sizes derived from names and shapes.
 *
 * Each stage halves the side: S/2 in stage 0, with a stem, then blocks. The neck takes the last
 * three stages. L0 to L2 have five stages, XL0 and XL1 six:
 *
 *   G = S / 8 with five stages, S / 16 with six: the side of the first of the last three stages */
#ifndef MODEL_ENCODERS_EFFICIENTVIT_WEIGHTS_H
#define MODEL_ENCODERS_EFFICIENTVIT_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/decoder/layers.h"
#include "model/kernels/fused_mbconv.h"
#include "model/kernels/wide_mbconv.h"

struct checkpoint;
struct error;

enum { EFFICIENTVIT_STAGES_MAX = 6, EFFICIENTVIT_INPUTS = 3 };

/* Attention (LiteMLA): two sets of `heads` heads. The first has the q, k and v of `qkv`, the second
 * what `local` and then `mix` make of them. */
struct efficientvit_attention_weights {
    size_t heads, dim;
    struct conv qkv;   /* D -> [heads][q, k, v][dim] */
    struct conv local; /* depthwise 5x5 or 3x3 */
    struct conv mix;   /* 1x1 in groups of dim channels */
    struct conv proj;  /* [both sets][heads][dim] -> D */
};

enum efficientvit_kind {
    EFFICIENTVIT_RES,      /* two 3x3 convolutions */
    EFFICIENTVIT_FUSED,    /* FusedMBConv */
    EFFICIENTVIT_INVERTED, /* MBConv */
    EFFICIENTVIT_ATTENTION /* attention, then MBConv */
};

struct efficientvit_block {
    enum efficientvit_kind kind;
    bool residual;
    struct conv first, second;         /* RES */
    struct fused_mbconv_weights fused; /* FUSED */
    struct efficientvit_attention_weights attention;
    struct mbconv_weights inverted; /* INVERTED and ATTENTION */
};

struct efficientvit_stage {
    size_t width, depth, side; /* D, blocks, positions along one side */
    struct efficientvit_block *blocks;
};

struct efficientvit_weights {
    size_t image_size, grid; /* S, G */
    struct conv stem;        /* 3x3 with stride 2, then GELU */
    size_t stage_count;      /* 5 or 6 */
    struct efficientvit_stage stages[EFFICIENTVIT_STAGES_MAX];
    struct conv
        inputs[EFFICIENTVIT_INPUTS];     /* of the neck: of the last stage, the one before, ... */
    size_t depth;                        /* of the neck */
    struct fused_mbconv_weights *middle; /* [depth] */
    struct conv output;                  /* 1x1 -> C */
    struct norm norm;
};

static const float EFFICIENTVIT_NORM_EPS = 1e-6f; /* of all norms in the official code */

/* Derives the sizes and reads every tensor of image_encoder. `image_size` is S, or 0 for the
 * published models': G = 64. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in either case
 * efficientvit_weights_free is due. */
int efficientvit_weights_read(struct efficientvit_weights *weights, struct checkpoint *checkpoint,
                              int image_size, struct error *error);
void efficientvit_weights_free(struct efficientvit_weights *weights);

#endif
