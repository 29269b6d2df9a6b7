/* clip_tower.h - runs the blocks of one of CLIP's towers over the tokens of many sequences.
 *
 *   each block:  x += out(attention(ln_1(x)))
 *                x += proj(activate(fc(ln_2(x))))
 *
 * Sequences lie one after the other, so a product has the rows of all of them, and the weights are read once. Only one
 * token of a sequence is asked for: the first, or the last of a causal tower. The last block computes the others no
 * further than their attention. */
#ifndef MODEL_CLIP_CLIP_TOWER_H
#define MODEL_CLIP_CLIP_TOWER_H

#include <stddef.h>

#include "base/memory.h"
#include "model/clip/clip_weights.h"
#include "model/kernels/attention.h"

/* Makes tower->mask for sequences of up to tower->length tokens. Returns 0, or -1 with ERROR_MEMORY. */
int clip_tower_make_mask(struct clip_tower *tower, struct error *error);

/* Scratch for either tower; rows lie apart as the functions below say. */
struct clip_buffers {
    float *x;                           /* [rows][D] tokens */
    float *y;                           /* normalised tokens, then their attention */
    float *qkv;                         /* q, k and v of a token beside each other */
    float *hidden;                      /* patches, or the MLP's hidden layer */
    struct flash_attention *attentions; /* [threads] */
    size_t *starts;                     /* [sequences + 1] */
    int threads;
};

/* Rows are one cache line longer than needed. Otherwise the rows of a left side would fall into the same few sets
 * of the cache. */
enum { CLIP_ROW_GAP = CACHE_LINE };

static inline size_t clip_y_row(const struct clip_tower *tower)
{
    return tower->width + CLIP_ROW_GAP;
}

static inline size_t clip_qkv_row(const struct clip_tower *tower)
{
    return 3 * tower->width + CLIP_ROW_GAP;
}

static inline size_t clip_hidden_row(const struct clip_tower *tower)
{
    return tower->hidden + CLIP_ROW_GAP;
}

/* A product whose left side has many rows, cut into tiles for threads. */
struct clip_product {
    size_t rows;
    struct matmul_view from;
    const struct matmul_packed *right;
    struct matmul_result to;
    void (*activate)(size_t rows, size_t n, float *x, size_t row); /* on the result; or NULL */
};
void clip_multiply(const struct clip_product *product, int threads);

/* y = LayerNorm of the first `rows` rows of buffers->x, whose width is the norm's; rows of y lie y_row apart. y may be
 * buffers->x. */
void clip_normalise(enum isa isa, const struct norm *norm, size_t rows,
                    const struct clip_buffers *buffers, float *y, size_t y_row);

/* The tokens of sequence i are rows starts[i] .. starts[i + 1] - 1 of x. After the call, x[sequences][D] are the
 * tokens that are asked for. The bits of a sequence do not depend on the others nor on the number of threads. */
void clip_tower_run(const struct clip_tower *tower, const struct clip_buffers *buffers,
                    size_t sequences);

#endif
