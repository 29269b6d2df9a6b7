/* vit.h - SAM's ViT image encoder.
 *
 *   patches -> x[N][D], plus position embeddings
 *   each block:  x += proj(attention(norm1(x)))     within windows, or over the whole grid
 *                x += lin2(gelu(lin1(norm2(x))))
 *   neck -> embedding[C][G][G]
 *
 * It runs as two kinds of parallel loops in turn. One goes over tiles of rows: all that a row needs
 * by itself, from the projection after one attention to q, k and v of the next, so that x stays in
 * the cache. The other goes over heads and windows. Padded positions of a window are never
 * projected: norm1 leaves them zero, so their k and v are the biases. */
#ifndef MODEL_VIT_H
#define MODEL_VIT_H

#include "model/kernels/attention.h"
#include "model/neck.h"
#include "model/vit_weights.h"

enum {
    VIT_ROWS = 60,   /* tokens of a tile */
    VIT_HIDDEN = 512 /* columns of the MLP's hidden layer that are alive at a time */
};

/* The matrices of one block, packed. */
struct vit_packed_block {
    struct matmul_packed *qkv;  /* [3][H], each [D][E] */
    struct matmul_packed proj;  /* [D][D] */
    struct matmul_packed lin1;  /* [D][hidden] */
    struct matmul_packed *lin2; /* [hidden / VIT_HIDDEN, rounded up], each [VIT_HIDDEN][D] */
    /* Relative positions [2 window - 1][E] from the last row to the first, times sqrt(E): so q of
     * row r needs rows window - 1 - r and up, and the scale that q carries is undone. */
    float *rel_h, *rel_w;
};

struct vit {
    struct vit_weights weights; /* the packed matrices' pointers are NULL */
    enum isa isa;
    /* The kernel of the blocks' products, or NULL for floats; y, hidden, keys and values are then
     * its elements. */
    const struct half16_kernel *half16;
    struct matmul_packed patch;      /* [3 patch patch][D] */
    struct vit_packed_block *blocks; /* [depth] */
    struct neck neck;
};

/* Reads and packs. With `half16` (else NULL) that kernel does the blocks' products.
 * Returns 0, or -1 with ERROR_MODEL, ERROR_MEMORY or ERROR_UNSUPPORTED (pairs and an odd width); in
 * either case vit_free is due. */
int vit_load(struct vit *vit, struct checkpoint *checkpoint, enum isa isa,
             const struct half16_kernel *half16, int image_size, struct error *error);
void vit_free(struct vit *vit);

/* What one thread needs to attend. */
struct vit_attention_scratch {
    struct flash_attention attention;
    float *products;      /* [2 window - 1][width] queries times relative positions */
    float *down, *right;  /* [ATTENTION_TILES][window][width] */
    float *keys, *values; /* [window^2][E] of a window, gathered */
};

struct vit_scratch {
    float *x;      /* [N][D] tokens */
    float *y;      /* [N][y_row] normalised tokens, and what attention makes of them */
    float *qkv;    /* [3][H][N][E] */
    float *hidden; /* [N][hidden_row] patches, and part of the MLP's hidden layer */
    /* One cache line longer than needed: rows that are products' left sides must not all fall into
     * the same few sets of the cache. */
    size_t y_row, hidden_row;
    struct vit_attention_scratch *threads; /* [slots] */
    size_t slots;
    struct neck_scratch neck;
};

/* For up to `slots` threads. */
void vit_layout(struct vit_scratch *scratch, const struct vit *vit, size_t slots,
                struct arena *arena);

/* input[3][S][S] -> embedding[C][G][G] with up to `threads` threads; the same bits for any number
 * of them. */
void vit_encode(const struct vit *vit, const struct vit_scratch *scratch, const float *input,
                int threads, float *embedding);

/* Whether block `b` reads keys and values where they are, not gathered; they are then 16-bit
 * elements in 16-bit precision. */
bool vit_attends_in_place(const struct vit *vit, size_t b);

/* y = attention of block `b`'s q, k and v, all heads and windows; a part of vit_encode. */
void vit_attend(const struct vit *vit, size_t b, const struct vit_scratch *scratch, int threads);

#endif
