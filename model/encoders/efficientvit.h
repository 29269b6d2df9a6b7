/* efficientvit.h - EfficientViT-SAM's image encoder.
 *
 *   stem: 3x3 of stride 2, GELU;  stages of blocks, each of which halves the side
 *   neck: the last three stages, each by a 1x1 convolution and enlarged to G, added up
 *         -> FusedMBConv blocks -> 1x1 convolution -> LayerNorm -> embedding[C][G][G]
 *
 * GELU is the approximation by tanh everywhere. */
#ifndef MODEL_ENCODERS_EFFICIENTVIT_H
#define MODEL_ENCODERS_EFFICIENTVIT_H

#include "model/encoders/efficientvit_weights.h"
#include "model/kernels/conv3.h"
#include "model/kernels/grouped.h"
#include "model/kernels/linear_attention.h"

struct encoder_kind;

struct efficientvit_packed_attention {
    struct matmul_packed qkv;
    struct depthwise local;
    struct grouped mix;
    struct matmul_packed proj;
};

/* A block, packed; what its kind has not is zeroed. */
struct efficientvit_packed_block {
    struct winograd first, second;
    struct fused_mbconv fused;
    struct efficientvit_packed_attention attention;
    struct wide_mbconv inverted;
};

struct efficientvit {
    struct efficientvit_weights weights; /* weights that are packed are NULL */
    enum isa isa;
    struct conv3 stem;
    struct efficientvit_packed_block *blocks[EFFICIENTVIT_STAGES_MAX]; /* [depth of the stage] */
    struct matmul_packed inputs[EFFICIENTVIT_INPUTS];
    struct fused_mbconv *middle; /* [depth of the neck] */
    struct matmul_packed output;
};

/* Reads and packs; `image_size` as for efficientvit_weights_read. Returns 0, or -1 with ERROR_MODEL
 * or ERROR_MEMORY; in either case efficientvit_free is due. */
int efficientvit_load(struct efficientvit *efficientvit, struct checkpoint *checkpoint,
                      enum isa isa, int image_size, struct error *error);
void efficientvit_free(struct efficientvit *efficientvit);

/* The scratch of one thread. */
struct efficientvit_thread {
    float *rows;  /* some rows of a plane without the frame */
    float *local; /* one row after the depthwise convolution of an attention */
    struct linear_attention attention;
};

struct efficientvit_scratch {
    float *x, *other;                         /* two planes of the largest size, in turn */
    struct plane inputs[EFFICIENTVIT_INPUTS]; /* of the neck; the last one has side G */
    float *framed; /* q, k and v with a frame as wide as the local convolution needs */
    float *qkv;    /* [positions][both sets of heads][q, k, v][dim] */
    float *mixed;  /* [positions][both sets of heads][dim] */
    struct efficientvit_thread *threads; /* [slots] */
    struct fused_mbconv_scratch *fused;  /* [slots] */
    struct winograd_scratch *winograds;  /* [slots] */
    struct wide_mbconv_scratch inverted;
    size_t slots;
};

/* Takes the scratch for up to `slots` threads from the arena. */
void efficientvit_layout(struct efficientvit_scratch *scratch,
                         const struct efficientvit *efficientvit, size_t slots,
                         struct arena *arena);

/* input[3][S][S] -> embedding[C][G][G] with up to `threads` threads. The bits do not depend on
 * their number. */
void efficientvit_encode(const struct efficientvit *efficientvit,
                         const struct efficientvit_scratch *scratch, const float *input,
                         int threads, float *embedding);

/* Rows of a task: those that hold at most this many positions, or one row. */
enum { EFFICIENTVIT_STRIP_POSITIONS = 64 };

static inline size_t efficientvit_strip_rows(size_t side)
{
    return side < EFFICIENTVIT_STRIP_POSITIONS ? EFFICIENTVIT_STRIP_POSITIONS / side : 1;
}

/* x += the attention of a block. A step of efficientvit_encode. */
void efficientvit_attend(const struct efficientvit *efficientvit, size_t stage, size_t b,
                         const struct efficientvit_scratch *scratch, const struct plane *x,
                         int threads);

/* scratch->inputs -> embedding. The last step of efficientvit_encode. */
void efficientvit_run_neck(const struct efficientvit *efficientvit,
                           const struct efficientvit_scratch *scratch, int threads,
                           float *embedding);

extern const struct encoder_kind efficientvit_kind;

#endif
