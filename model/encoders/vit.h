/* vit.h - SAM's ViT image encoder.
 *
 *   patches -> x[N][D], plus position embeddings
 *   each block:  x += proj(attention(norm1(x)))     within windows, or over the whole grid
 *                x += lin2(gelu(lin1(norm2(x))))
 *   neck -> embedding[C][G][G]
 *
 * Two kinds of parallel loops take turns. One goes over strips of tokens and does everything
 * between two attentions, from proj to the q, k and v of the next block, while x stays in the
 * cache. The other goes over heads and windows. Padded positions of a window are zero after norm1,
 * so their k and v are the biases; they are never projected. */
#ifndef MODEL_ENCODERS_VIT_H
#define MODEL_ENCODERS_VIT_H

#include "model/encoders/encoder_kind.h"
#include "model/encoders/neck.h"
#include "model/encoders/vit_weights.h"
#include "model/kernels/attention.h"

enum {
    VIT_ROWS = 60,   /* tokens of a strip */
    VIT_HIDDEN = 512 /* columns of the MLP's hidden layer that are kept at a time */
};

/* The matrices of one block, packed. */
struct vit_packed_block {
    struct matmul_packed *qkv;  /* [3][H], each [D][E] */
    struct matmul_packed proj;  /* [D][D] */
    struct matmul_packed lin1;  /* [D][hidden] */
    struct matmul_packed *lin2; /* [hidden / VIT_HIDDEN, rounded up], each [VIT_HIDDEN][D] */
    /* [2 window - 1][E]: relative positions from the last row to the first, so a query in row r
     * needs rows window - 1 - r and up. Multiplied by sqrt(E), which undoes the scale of the
     * queries. NULL in a plain ViT. */
    float *rel_h, *rel_w;
};

struct vit {
    struct vit_weights weights; /* pointers to matrices that are packed are NULL */
    enum isa isa;
    /* The kernel of the blocks' products, or NULL for floats. With a kernel, y, hidden, keys and
     * values hold its elements. */
    const struct half16_kernel *half16;
    struct matmul_packed patch;      /* [3 patch patch][D] */
    struct vit_packed_block *blocks; /* [depth] */
    size_t early;                    /* the block, counted from 1, whose result is `early` of an
                                        encoding; 0: none is */
    struct neck neck;
};

/* Reads and packs. `half16` is the kernel of the blocks' products, or NULL for floats. Returns 0,
 * or -1 with ERROR_MODEL, ERROR_MEMORY or ERROR_UNSUPPORTED (a width that is no multiple of the
 * kernel's group); in either case vit_free is due. */
int vit_load(struct vit *vit, struct checkpoint *checkpoint, enum isa isa,
             const struct half16_kernel *half16, int image_size, struct error *error);
void vit_free(struct vit *vit);

/* The scratch of one thread. */
struct vit_attention_scratch {
    struct flash_attention attention;
    float *products;      /* [2 window - 1][width] queries times relative positions */
    float *down, *right;  /* [ATTENTION_STRIPS][window][width]; unused in a plain ViT */
    float *keys, *values; /* [window^2][E] of a window, gathered */
};

struct vit_scratch {
    float *x;      /* [N][D] tokens */
    float *y;      /* [N][y_row] normalised tokens, then the result of their attention */
    float *qkv;    /* [3][H][N][E] */
    float *hidden; /* [N][hidden_row] patches, and part of the MLP's hidden layer */
    /* Rows are one cache line longer than needed. Otherwise the rows of a left side would fall into
     * the same few sets of the cache. */
    size_t y_row, hidden_row;
    struct vit_attention_scratch *threads; /* [slots] */
    size_t slots;
    struct neck_scratch neck;
};

/* Takes the scratch for up to `slots` threads from the arena. */
void vit_layout(struct vit_scratch *scratch, const struct vit *vit, size_t slots,
                struct arena *arena);

/* input[3][S][S] -> *to with up to `threads` threads. The bits do not depend on their number. */
void vit_encode(const struct vit *vit, const struct vit_scratch *scratch, const float *input,
                int threads, const struct encoding *to);

/* Whether block `b` reads keys and values directly from qkv, without gathering them. With a kernel
 * for 16 bits they must then be packed there. */
bool vit_attends_in_place(const struct vit *vit, size_t b);

/* y = the attention of block `b`, all heads and windows. A step of vit_encode. */
void vit_attend(const struct vit *vit, size_t b, const struct vit_scratch *scratch, int threads);

/* For the table in model/encoder.c: SAM's, and EfficientSAM's, which is a plain one. A file of
 * the latter has the mark of both, so it must be asked for first. */
extern const struct encoder_kind vit_kind, plain_vit_kind;

#endif
