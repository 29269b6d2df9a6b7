/* decoder_kernel.h - inner loops of the folded decoder, compiled for each instruction set.
 *
 * Image positions are the vector's lanes: every array x[rows][DECODER_CHUNK] holds one number a row
 * for DECODER_CHUNK positions, and n <= DECODER_CHUNK of them are worked on; n is rounded up to
 * whole vectors, so that all of a row is readable and writable. Small matrices w[k][8] hold one
 * column a token (7 used) or a head. Nothing here depends on other prompts.
 *
 * Letters: d channels a head; pairs (h, t) of a head and one of the first six tokens number 48,
 * h outermost. The seventh token needs no column of its own in the softmax over tokens: scores are
 * taken relative to it, and the seven shares add up to 1. */
#ifndef MODEL_DECODER_KERNEL_H
#define MODEL_DECODER_KERNEL_H

#include <stddef.h>

#include "base/isa.h"

enum {
    DECODER_CHUNK = 256, /* positions taken at a time, so that their tables stay in the L2 cache */
    DECODER_COLUMNS = 8, /* columns of small matrices */
    FOLDED_HEADS = 8,
    FOLDED_TOKENS = 7,                        /* iou, 4 masks, two of the prompt */
    FOLDED_KEPT = 6,                          /* tokens but the last */
    FOLDED_PAIRS = FOLDED_HEADS * FOLDED_KEPT /* 48 */
};

/* Scores of one head: for column i,
 *   s_i = r * (start[i] + sum_j shares[j] * shares_weight[j][i]) + sum_k (r * x[k] + pe[k]) *
 * weight[k][i] Where shares is NULL: s_i = sum_k x[k] * weight[k][i]. */
struct decoder_scores {
    size_t n, d;
    const float *x;             /* [d][CHUNK] */
    const float *pe;            /* [d][CHUNK] */
    const float *weight;        /* [d][8] */
    const float *shares;        /* [48][CHUNK] or NULL */
    const float *shares_weight; /* [48][8] */
    const float *start;         /* [8] */
    const float *r;             /* [CHUNK] */
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
 * with f = r, or 1 and neither linear nor cross where b is NULL. */
struct decoder_length {
    size_t n, d;
    const float *x;      /* [8 * d][CHUNK] */
    const float *weight; /* [8][d][8] */
    const float *a;      /* [48][CHUNK] */
    const float *gram;   /* [8][48][8] */
    const float *start;  /* [8][8] */
    const float *b;      /* [48][CHUNK] or NULL */
    const float *cross;  /* [8][48][8] */
    const float *linear; /* [8][8] */
    const float *r;      /* [CHUNK] */
    float *out;          /* [CHUNK] */
};

/* Scores of `tokens` queries of all heads against the last layer's keys:
 *   s_th = r2 * (start1[t][h] + sum_j a1[j] * weight1[j][t][h]
 *                + r * (start0[t][h] + sum_j a0[j] * weight0[j][t][h]))
 *          + sum_k (r2 * r * x[h][k] + pe[h][k]) * weight[h][k][t] */
struct decoder_last_scores {
    size_t n, d, tokens;
    const float *x, *pe;            /* [8 * d][CHUNK] */
    const float *weight;            /* [8][d][8] */
    const float *a0, *a1;           /* [48][CHUNK] */
    const float *weight0, *weight1; /* [tokens][48][8] */
    const float *start0, *start1;   /* [tokens][8] */
    const float *r, *r2;            /* [CHUNK] */
};

/* Upscaling of n positions from the folded last layer to logits.
 *   u[s][c] = r2 * (r * (x[s][c] + start0[s][c] + sum_j a0[j] * weight0[j][s][c])
 *                   + start1[s][c] + sum_j a1[j] * weight1[j][s][c]) + bias[s][c]
 * for the 4 pixels s = (dy, dx) of a position and C/4 channels c; bias and weights are such that
 * the mean over c is 0. Then LayerNorm2d and GELU over c, a transposed convolution to 4 pixels
 * e = (ey, ex) of C/8 channels each, GELU, and the product with each mask's hyper[C/8]. */
struct decoder_upscale {
    size_t n;
    size_t channels;           /* C, a multiple of 32 */
    size_t masks;              /* 1..4 */
    const float *x;            /* [4][C/4][CHUNK] */
    const float *a0, *a1;      /* [48][CHUNK] */
    const float *weight0;      /* [48][4][C/4] */
    const float *weight1;      /* [48][4][C/4] */
    const float *start0;       /* [4][C/4] */
    const float *start1;       /* [4][C/4] */
    const float *bias;         /* [4][C/4] */
    const float *r, *r2;       /* [CHUNK] */
    const float *gain, *shift; /* [C/4] */
    const float *weight;       /* [C/4][C/8][4] */
    const float *weight_bias;  /* [C/8] */
    const float *hyper;        /* [masks][C/8] */
    float *scratch;            /* [C/4][DECODER_CHUNK] */
    float *out;                /* [masks][4 s][4 e][CHUNK] */
};

struct decoder_kernels {
    /* scores[7][CHUNK] */
    void (*scores)(const struct decoder_scores *in, float *scores);

    /* shares[6][CHUNK]: the softmax over seven tokens of scores with base 2, of which the seventh
     * is 0 and not computed. Relative error below 1e-6. */
    void (*token_softmax)(const struct decoder_scores *in, float *shares);

    void (*length)(const struct decoder_length *in);

    /* out[n] = q * r^2 + 2 * r * (x + c + sum_j e[j] * a[j]) + constant */
    void (*length_start)(size_t n, const float *r, const float *q, const float *x, float c,
                         const float *a, const float *e, float constant, float *out);

    /* x[n] = 1 / sqrt(x / channels + eps), x taken as 0 where rounding made it negative. */
    void (*inverse_deviation)(size_t n, float channels, float eps, float *x);

    void (*last_scores)(const struct decoder_last_scores *in, float *scores);

    /* One chunk of a softmax over positions, base 2, of `rows` <= 8 rows s[row * CHUNK], of which
     * the first `valid` <= n positions count: s becomes 2^(s - max) * scale (scale NULL: 1). */
    void (*softmax)(size_t rows, size_t n, size_t valid, const float *scale, float *s,
                    struct decoder_softmax *state);

    /* s[row] *= scale; sum[row] = sum[row] * factor[row] + sum over n. */
    void (*rescale)(size_t rows, size_t n, const float *scale, float *s, const float *factor,
                    float *sum);

    /* out[c][row] = out[c][row] * factor[row] + sum over n of p[row] * x[c], for `rows` rows of p
     * that lie p_row floats apart, and `columns` rows of x; out[columns][8]. */
    void (*gather)(size_t rows, size_t columns, size_t n, const float *p, size_t p_row,
                   const float *x, const float *factor, float *out);

    /* c[rows][8] = a[rows][k] @ b[k][8], plus c when `add`; element (i, j) of a lies at
     * a[i * a_row + j * a_column]. */
    void (*narrow)(size_t rows, size_t k, const float *a, size_t a_row, size_t a_column,
                   const float *b, int add, float *c);
};

/* In a file of its own, since it shares no code with the others. */
typedef void decoder_upscale_kernel(const struct decoder_upscale *in);

extern const struct decoder_kernels decoder_kernels_generic;
decoder_upscale_kernel decoder_upscale_generic;
#if defined(__x86_64__)
extern const struct decoder_kernels decoder_kernels_avx2, decoder_kernels_avx512;
decoder_upscale_kernel decoder_upscale_avx2, decoder_upscale_avx512;
#endif

const struct decoder_kernels *decoder_kernels(enum isa isa);
decoder_upscale_kernel *decoder_upscale(enum isa isa);

#endif
