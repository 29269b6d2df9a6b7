/* hiera.h - SAM 2's Hiera image encoder.
 *
 *   patches 7x7, stride 4 -> x[tokens][D], plus position embeddings
 *   each block:  y = norm1(x);  q, k, v = qkv(y)
 *                first of a stage:  q = 2x2 maxima of q,  x = 2x2 maxima of shortcut(y)
 *                x += proj(attention(q, k, v))     within windows, or over the whole grid
 *                x += lin2(gelu(lin1(norm2(x))))
 *   the last x of each stage -> neck (fpn.h) -> embedding[C][G][G], high[0], high[1]
 *
 * Tokens lie in the order of hiera_tokens.h. A parallel loop goes over strips of tokens and does
 * everything between two attentions, from proj to the q, k and v of the next block, as vit.h does.
 * If every window is one run of tokens, which it is in the first two stages, the loop does its
 * attention, too. Otherwise another loop goes over heads and windows. Padded positions of a window
 * are zero after norm1, so their k and v are the biases. */
#ifndef MODEL_ENCODERS_HIERA_H
#define MODEL_ENCODERS_HIERA_H

#include "model/encoders/encoder_kind.h"
#include "model/encoders/hiera_tokens.h"
#include "model/encoders/hiera_weights.h"
#include "model/kernels/attention.h"

enum {
    HIERA_ROWS = 128,   /* tokens of a strip: a multiple of a unit's, 64 */
    HIERA_HIDDEN = 512, /* columns of the MLP's hidden layer that are kept at a time */
    /* Rows of left sides are longer by this; otherwise they would fall into the same few sets of the
     * cache. */
    HIERA_GAP = CACHE_LINE
};

/* The matrices of one block, packed. */
struct hiera_packed_block {
    struct matmul_packed project; /* [in][3 out], [in][4 out] if pooled: q, k, v, shortcut */
    struct matmul_packed proj;    /* [out][out] */
    struct matmul_packed lin1;    /* [out][hidden] */
    struct matmul_packed *lin2;   /* [parts] of HIERA_HIDDEN rows, the last one shorter */
    size_t parts;
};

struct hiera {
    struct hiera_weights weights; /* pointers to matrices that are packed are NULL */
    enum isa isa;
    struct matmul_packed patch; /* [3 7 7][D] */
    float *positions;           /* [tokens][D]: position embeddings, in the order of the tokens */
    struct hiera_packed_block *blocks; /* [depth] */
    struct fpn fpn;
};

/* Reads and packs. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in either case hiera_free is
 * due. */
int hiera_load(struct hiera *hiera, struct checkpoint *checkpoint, enum isa isa, int image_size,
               struct error *error);
void hiera_free(struct hiera *hiera);

/* The scratch of one thread. */
struct hiera_thread {
    struct flash_attention attention;
    float *normed;        /* [HIERA_ROWS][normed_row] */
    float *projected;     /* [HIERA_ROWS][projected_row]: q, k, v and shortcut; or a level */
    float *hidden;        /* [HIERA_ROWS][hidden_row]: patches, or part of the hidden layer */
    float *keys, *values; /* [window^2][E], gathered */
    size_t *tokens;       /* [window^2] */
};

struct hiera_scratch {
    /* Tokens of stage s, [tokens][D], and the results of their attention, [tokens][D + HIERA_GAP]: in
     * element s % 2, so that the first block of a stage can read the one and write the other. */
    float *x[2], *y[2];
    float *q, *k, *v;    /* [H][tokens][E] of a block whose attention is not done in strips */
    float *middle, *low; /* [G][G][C], [G/2][G/2][C]: levels 2 and 3, row by row */
    size_t normed_row, projected_row, hidden_row;
    struct hiera_thread *threads; /* [slots] */
    size_t slots;
};

/* Takes the scratch for up to `slots` threads from the arena. */
void hiera_layout(struct hiera_scratch *scratch, const struct hiera *hiera, size_t slots,
                  struct arena *arena);

/* input[3][S][S] -> embedding, high[0] and high[1] with up to `threads` threads. The bits do not
 * depend on their number. */
void hiera_encode(const struct hiera *hiera, const struct hiera_scratch *scratch,
                  const float *input, int threads, const struct encoding *to);

/* The grid that block `b` attends in, before its pooling, and the one of its result. */
struct hiera_grid hiera_grid_before(const struct hiera *hiera, size_t b);
struct hiera_grid hiera_grid_after(const struct hiera *hiera, size_t b);

/* Row `token` of y of block `b`. */
float *hiera_y(const struct hiera *hiera, const struct hiera_scratch *scratch, size_t b,
               size_t token);

/* Whether each window of block `b` is one run of tokens. */
bool hiera_attends_in_strips(const struct hiera *hiera, size_t b);

/* y = the attention of block `b` for the tokens first .. first + rows - 1, whose q, k and v are in
 * thread->projected; q is pooled. A step of hiera_encode. */
void hiera_attend_strip(const struct hiera *hiera, size_t b, const struct hiera_scratch *scratch,
                        struct hiera_thread *thread, size_t first, size_t rows);

/* y = the attention of block `b`, from scratch->q, k and v. A step of hiera_encode. */
void hiera_attend(const struct hiera *hiera, size_t b, const struct hiera_scratch *scratch,
                  int threads);

extern const struct encoder_kind hiera_kind;

#endif
