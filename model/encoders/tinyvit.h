/* tinyvit.h - MobileSAM's TinyViT image encoder.
 *
 *   stem: two 3x3 convolutions of stride 2 -> x[S/4][S/4][D]
 *   stage 0: MBConv blocks (mbconv.h); between stages: a merge
 *   stages 1 to 3, each block:  x += proj(attention(norm(x))) within windows
 *                               x = depthwise 3x3 of x
 *                               x += fc2(gelu(fc1(norm(x))))
 *   neck -> embedding[C][G][G]
 *
 * Padded positions of a window are zero before the norm of the attention, so their q, k and v are
 * the same everywhere. They are computed once, at load. */
#ifndef MODEL_ENCODERS_TINYVIT_H
#define MODEL_ENCODERS_TINYVIT_H

#include "model/encoders/encoder_kind.h"
#include "model/encoders/neck.h"
#include "model/encoders/stem.h"
#include "model/encoders/tinyvit_weights.h"
#include "model/kernels/attention.h"
#include "model/kernels/mbconv.h"

/* SAM-HQ takes its early features behind the merge after this stage. */
enum { TINYVIT_EARLY_STAGE = 1 };

/* The matrices of one block, packed. */
struct tinyvit_packed_block {
    struct matmul_packed *qkv; /* [H][3], each [D][E] */
    float *padded;             /* [H][3][E]: q, k and v of a padded position */
    /* Attention biases times log2(e). A window narrower than `width` (matmul_kernel.h) has one for
     * each pair of positions, [H][strips of queries][window^2][width]. A wider one has a table of
     * attention_distances for each head. */
    float *biases;
    struct matmul_packed proj; /* [D][D] */
    struct depthwise local;    /* D channels */
    struct matmul_packed fc1;  /* [D][hidden] */
    struct matmul_packed fc2;  /* [hidden][D] */
};

struct tinyvit_packed_stage {
    struct mbconv *convs;                /* [depth] of stage 0 */
    struct tinyvit_packed_block *blocks; /* [depth] of the others */
    struct mbconv merge;                 /* of the first three */
};

struct tinyvit {
    struct tinyvit_weights weights; /* pointers to matrices that are packed are NULL */
    enum isa isa;
    struct stem stem;
    struct tinyvit_packed_stage stages[TINYVIT_STAGES];
    bool early; /* `early` of an encoding is written: what the merge after stage
                   TINYVIT_EARLY_STAGE gives */
    struct neck neck;
};

/* Reads and packs. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in either case tinyvit_free
 * is due. */
int tinyvit_load(struct tinyvit *tinyvit, struct checkpoint *checkpoint, enum isa isa,
                 int image_size, struct error *error);
void tinyvit_free(struct tinyvit *tinyvit);

/* Floats of tinyvit_packed_block.biases for one head. */
size_t tinyvit_biases(size_t window, size_t width);

/* The scratch of one thread. Positions are those of a window, or of a strip of rows. */
struct tinyvit_thread {
    struct flash_attention attention;
    float *normed;        /* [positions][D] */
    float *qkv;           /* [H][3][positions][E] */
    float *keys, *values; /* [window^2][E] */
    float *mixed;         /* [positions][D] */
    float *hidden;        /* [positions][hidden] */
};

struct tinyvit_scratch {
    float *x, *other;               /* two planes of the largest size, in turn */
    struct tinyvit_thread *threads; /* [slots] */
    struct mbconv_scratch *mbconvs; /* [slots] */
    size_t slots;
    struct stem_scratch stem;
    struct neck_scratch neck;
};

/* Takes the scratch for up to `slots` threads from the arena. */
void tinyvit_layout(struct tinyvit_scratch *scratch, const struct tinyvit *tinyvit, size_t slots,
                    struct arena *arena);

/* input[3][S][S] -> *to with up to `threads` threads. The bits do not depend on their number. */
void tinyvit_encode(const struct tinyvit *tinyvit, const struct tinyvit_scratch *scratch,
                    const float *input, int threads, const struct encoding *to);

/* x += the attention of block `b` of a stage. A step of tinyvit_encode. */
void tinyvit_attend(const struct tinyvit *tinyvit, size_t stage, size_t b,
                    const struct tinyvit_scratch *scratch, const struct plane *x, int threads);

/* For the table in model/encoder.c. */
extern const struct encoder_kind tinyvit_kind;

#endif
