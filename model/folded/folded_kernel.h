/* folded_kernel.h - inner loops of the folded decoder, compiled for each instruction set.
 *
 * Image positions are the vector's lanes. They are cut into tiles of DECODER_TILE; a tile of an
 * array holds rows of DECODER_TILE adjacent numbers, so that what a kernel needs of a tile lies in
 * one piece, and tiles lie `tile` floats apart. Kernels work on whole tiles. Small matrices w[k][8]
 * hold one column a token (7 used) or a head. Nothing here depends on other prompts.
 *
 * Letters: d channels a head; pairs (h, t) of a head and one of the first six tokens number 48,
 * h outermost. The seventh token needs no column of its own in the softmax over tokens: scores are
 * taken relative to it, and the seven shares add up to 1. */
#ifndef MODEL_FOLDED_FOLDED_KERNEL_H
#define MODEL_FOLDED_FOLDED_KERNEL_H

#include <stddef.h>

#include "base/isa.h"

enum {
    DECODER_TILE = 32,   /* positions of a tile */
    DECODER_CHUNK = 8,   /* tiles taken at a time, so that their tables stay in the L2 cache */
    DECODER_COLUMNS = 8, /* columns of small matrices */
    FOLDED_HEADS = 8,
    FOLDED_TOKENS = 7,                        /* iou, 4 masks, two of the prompt */
    FOLDED_KEPT = 6,                          /* tokens but the last */
    FOLDED_PAIRS = FOLDED_HEADS * FOLDED_KEPT /* 48 */
};

/* Rows of positions: number n of row i in tile t is at[t * tile + i * DECODER_TILE + n]. */
struct decoder_rows {
    const float *at;
    size_t tile;
};

/* Scores of one head: for column i,
 *   s_i = r * (start[i] + sum_j shares[j] * shares_weight[j][i])
 *         + sum_k (r * x[k] + pe[k]) * weight[k][i]
 * Where shares.at is NULL: s_i = sum_k x[k] * weight[k][i]. */
struct decoder_scores {
    size_t tiles, d;
    struct decoder_rows x;      /* d rows */
    struct decoder_rows pe;     /* d rows */
    const float *weight;        /* [d][8] */
    struct decoder_rows shares; /* 48 rows */
    const float *shares_weight; /* [48][8] */
    const float *start;         /* [8] */
    struct decoder_rows r;      /* 1 row */
    float *out;
    size_t out_tile;
};

/* Running state of a softmax over positions of up to 8 rows; start with max -1e30, sums 0. */
struct decoder_softmax {
    float max[DECODER_COLUMNS];
    float sum[DECODER_COLUMNS];    /* of p */
    float scaled[DECODER_COLUMNS]; /* of p * scale */
    float factor[DECODER_COLUMNS]; /* what earlier sums were multiplied by in the last step */
};

/* A squared length by positions, as a quadratic form of shares a (and b):
 *   out += sum_h [ f * x_h . weight_h6 + sum_t a_ht * ( start_ht + sum_{j < 6 (h + 1)} gram_hjt *
 * a_j
 *                  + f * (x_h . weight_ht + linear_ht + sum_j cross_hjt * b_j) ) ]
 * with f = r, or 1 and neither linear nor cross where b.at is NULL. */
struct decoder_length {
    size_t tiles, d;
    struct decoder_rows x; /* 8 * d rows */
    const float *weight;   /* [8][d][8] */
    struct decoder_rows a; /* 48 rows */
    const float *gram;     /* [8][48][8] */
    const float *start;    /* [8][8] */
    struct decoder_rows b; /* 48 rows */
    const float *cross;    /* [8][48][8] */
    const float *linear;   /* [8][8] */
    struct decoder_rows r; /* 1 row */
    float *out;            /* 1 row */
    size_t out_tile;
};

/* out = q * r^2 + 2 * r * (x + c + sum_j e[j] * a[j]) + constant */
struct decoder_length_start {
    size_t tiles;
    struct decoder_rows r, q, x; /* 1 row each */
    struct decoder_rows a;       /* 48 rows */
    const float *e;              /* [48] */
    float c, constant;
    float *out; /* 1 row */
    size_t out_tile;
};

/* Scores of `tokens` queries of all heads against the last layer's keys, row 8 t + h of out:
 *   s_th = r2 * (start1[t][h] + sum_j a1[j] * weight1[j][t][h]
 *                + r * (start0[t][h] + sum_j a0[j] * weight0[j][t][h]))
 *          + sum_k (r2 * r * x[h][k] + pe[h][k]) * weight[h][k][t] */
struct decoder_last_scores {
    size_t tiles, d, tokens;
    struct decoder_rows x, pe;      /* 8 * d rows each */
    const float *weight;            /* [8][d][8] */
    struct decoder_rows a0, a1;     /* 48 rows each */
    const float *weight0, *weight1; /* [tokens][48][8] */
    const float *start0, *start1;   /* [tokens][8] */
    struct decoder_rows r, r2;      /* 1 row each */
    float *out;
    size_t out_tile;
};

/* Upscaling of the folded last layer to logits.
 *   u[s][c] = r2 * (r * (x[s][c] + start0[s][c] + sum_j a0[j] * weight0[j][s][c])
 *                   + start1[s][c] + sum_j a1[j] * weight1[j][s][c]) + bias[s][c]
 * for the 4 pixels s = (dy, dx) of a position and C/4 channels c; bias and weights are such that
 * the mean over c is 0. Then LayerNorm2d and GELU over c, a transposed convolution to 4 pixels
 * e = (ey, ex) of C/8 channels each, GELU, and the product with each mask's hyper[C/8]. */
struct decoder_upscale {
    size_t tiles;
    size_t channels;            /* C, a multiple of 32 */
    size_t masks;               /* 1..4 */
    struct decoder_rows x;      /* [4][C/4] rows */
    struct decoder_rows a0, a1; /* 48 rows each */
    const float *weight0;       /* [48][4][C/4] */
    const float *weight1;       /* [48][4][C/4] */
    const float *start0;        /* [4][C/4] */
    const float *start1;        /* [4][C/4] */
    const float *bias;          /* [4][C/4] */
    struct decoder_rows r, r2;  /* 1 row each */
    const float *gain, *shift;  /* [C/4] */
    const float *weight;        /* [C/4][C/8][4] */
    const float *weight_bias;   /* [C/8] */
    const float *hyper;         /* [masks][C/8] */
    float *scratch;             /* [C/4][DECODER_TILE] */
    float *out;                 /* [masks][4 s][4 e] rows */
    size_t out_tile;
};

struct decoder_kernels {
    /* out: 7 rows */
    void (*scores)(const struct decoder_scores *in);

    /* out: 6 rows, the softmax over seven tokens of scores with base 2, of which the seventh is 0
     * and not computed. Relative error below 1e-6. */
    void (*token_softmax)(const struct decoder_scores *in);

    void (*length_start)(const struct decoder_length_start *in);
    void (*length)(const struct decoder_length *in);

    /* One row: x = 1 / sqrt(x / channels + eps), x taken as 0 where rounding made it negative. */
    void (*inverse_deviation)(size_t tiles, float channels, float eps, float *x, size_t x_tile);

    void (*last_scores)(const struct decoder_last_scores *in);

    /* One chunk of a softmax over positions, base 2, of `rows` <= 8 rows of s, of which the first
     * `valid` positions count: s becomes 2^(s - max) * scale (1 row; at NULL: 1). */
    void (*softmax)(size_t rows, size_t tiles, size_t valid, struct decoder_rows scale, float *s,
                    size_t s_tile, struct decoder_softmax *state);

    /* s *= scale for `rows` rows; sum[row] = sum[row] * factor[row] + sum over positions. */
    void (*rescale)(size_t rows, size_t tiles, struct decoder_rows scale, float *s, size_t s_tile,
                    const float *factor, float *sum);

    /* out[c][row] = out[c][row] * factor[row] + sum over positions of p[row] * x[c], for `rows`
     * rows of p that are `step` rows apart, and `columns` rows of x; out[columns][8]. */
    void (*gather)(size_t rows, size_t columns, size_t tiles, struct decoder_rows p, size_t step,
                   struct decoder_rows x, const float *factor, float *out);

    /* c[rows][8] = a[rows][k] @ b[k][8], plus c when `add`; element (i, j) of a lies at
     * a[i * a_row + j * a_column]. */
    void (*narrow)(size_t rows, size_t k, const float *a, size_t a_row, size_t a_column,
                   const float *b, int add, float *c);
};

/* In a file of its own, since it shares no code with the others. */
typedef void decoder_upscale_kernel(const struct decoder_upscale *in);

ISA_DECLARE(const struct decoder_kernels, decoder_kernels);
ISA_DECLARE(decoder_upscale_kernel, decoder_upscale);

const struct decoder_kernels *decoder_kernels(enum isa isa);
decoder_upscale_kernel *decoder_upscale(enum isa isa);

#endif
