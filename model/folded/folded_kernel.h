/* folded_kernel.h - inner loops of the folded decoder, compiled for each instruction set.
 *
 * The lanes of a vector are positions of the image. Positions are cut into strips of FOLDED_STRIP.
 * A strip holds rows of FOLDED_STRIP adjacent numbers, so all that a kernel reads of a strip is
 * contiguous; strips lie `strip` floats apart. Kernels work on whole strips. A small matrix w[k][8]
 * has a column for each token or for each head. A prompt's results do not depend on others.
 *
 * Letters: d channels a head, T tokens a prompt. The last token needs no column of its own in the
 * softmax over tokens: scores are taken relative to it, and the T probabilities add up to 1.
 * K = T - 1 tokens are kept, and there are J = 8 K pairs (h, t) of a head and a kept token, h
 * outermost. Columns of tokens come in groups of eight, B of them: a matrix [B][k][8] has the columns
 * of tokens 8 g .. 8 g + 7 in group g. Most prompts have one group.
 *
 * Factors of products are elements of four bytes. With floats an element is a number. In 16 bits
 * (model/kernels/half16.h, pairs) it holds two, which takes half as many products; sums are floats. There are
 * two forms of such rows, each half as large as the rows of floats:
 *  - rows across: element n of row i holds the numbers of rows 2 i and 2 i + 1 at position n. A matrix that is
 *    multiplied by them is packed likewise: [k][8] becomes [(k + 1) / 2][8], with 0 past the last row.
 *  - rows along: a row of FOLDED_STRIP / 2 elements, each with the numbers of two positions.
 * With floats both are the rows themselves. Whatever is not called an element is a float. */
#ifndef MODEL_FOLDED_FOLDED_KERNEL_H
#define MODEL_FOLDED_FOLDED_KERNEL_H

#include <stddef.h>

#include "base/isa.h"

enum {
    FOLDED_STRIP = 32,  /* positions of a strip */
    FOLDED_CHUNK = 8,   /* strips taken at a time, so that their tables stay in the L2 cache */
    FOLDED_COLUMNS = 8, /* columns of small matrices */
    FOLDED_HEADS = 8,
    FOLDED_TOKENS_MAX = 26, /* T: 6 of the output, 16 points, a box's corners, a text, padding */
    FOLDED_KEPT_MAX = FOLDED_TOKENS_MAX - 1,                  /* K: 25 */
    FOLDED_GROUPS_MAX = 1 + FOLDED_KEPT_MAX / FOLDED_COLUMNS, /* B: 4 */
    FOLDED_PAIRS_MAX = FOLDED_HEADS * FOLDED_KEPT_MAX         /* J: 200 */
};

/* B of K + 1 tokens. */
static inline size_t folded_groups(size_t kept)
{
    return 1 + kept / FOLDED_COLUMNS;
}

/* How many of `count` columns are in group `group`, which is not behind the last. */
static inline size_t folded_group_columns(size_t count, size_t group)
{
    const size_t left = count - group * FOLDED_COLUMNS;
    return left < FOLDED_COLUMNS ? left : FOLDED_COLUMNS;
}

/* Rows of positions: number n of row i in strip t is at[t * strip + i * FOLDED_STRIP + n]. */
struct folded_rows {
    const float *at;
    size_t strip;
};

/* The rows from `row` on. */
static inline struct folded_rows folded_rows_from(struct folded_rows rows, size_t row)
{
    return (struct folded_rows){rows.at + row * FOLDED_STRIP, rows.strip};
}

/* Scores of one head and one group of tokens: for column i,
 *   s_i = r * (bias[i] + sum_j probs[j] * probs_weight[j][i])
 *         + sum_k (r * x[k] + pe[k]) * weight[k][i]
 * Where probs.at is NULL: s_i = sum_k x[k] * weight[k][i]. */
struct folded_scores {
    size_t columns;            /* 1..8 */
    size_t pairs, strips, d;   /* pairs: J */
    struct folded_rows x;      /* d rows across */
    struct folded_rows pe;     /* d rows */
    const float *weight;       /* [d][8] elements */
    struct folded_rows probs;  /* J rows across */
    const float *probs_weight; /* [J][8] elements */
    const float *bias;         /* [8] */
    struct folded_rows r;      /* 1 row */
    float last;                /* score of the last token, for scores_softmax */
    float *out;
    size_t out_strip;
};

/* Running state of a softmax over positions of up to 8 rows. It starts with max -1e30 and sums
 * 0. */
struct folded_softmax {
    float max[FOLDED_COLUMNS];
    float sum[FOLDED_COLUMNS];    /* of p */
    float scaled[FOLDED_COLUMNS]; /* of p * scale */
    float factor[FOLDED_COLUMNS]; /* what the last step multiplied earlier sums by */
};

/* A squared length by positions, as a quadratic form of probabilities a (and b):
 *   out += sum_h [ f * x_h . weight_hK
 *                  + sum_t a_ht * ( bias_ht + sum_{j < K (h + 1)} gram_hjt * a_j
 *                                   + f * (x_h . weight_ht + linear_ht + sum_j cross_hjt * b_j) ) ]
 * where f = r. Without b (b.at is NULL), f = 1 and there is neither linear nor cross. */
struct folded_length {
    size_t kept, strips, d; /* kept: K */
    struct folded_rows x;   /* 8 * d rows across */
    const float *weight;    /* [8][B][d][8], each [d][8] as elements; likewise gram and cross */
    struct folded_rows a;   /* J rows across */
    struct folded_rows own; /* the same along */
    const float *gram;      /* [8][B][J][8] */
    const float *bias;      /* [8][B][8] */
    struct folded_rows b;   /* J rows across */
    const float *cross;     /* [8][B][J][8] */
    const float *linear;    /* [8][B][8] */
    struct folded_rows r;   /* 1 row */
    float *out;             /* 1 row */
    size_t out_strip;
};

/* out = q * r^2 + 2 * r * (x + c + sum_j e[j] * a[j]) + constant */
struct folded_length_init {
    size_t kept, strips;        /* kept: K */
    struct folded_rows r, q, x; /* 1 row each */
    struct folded_rows a;       /* J rows along */
    const float *e;             /* [J] */
    float c, constant;
    float *out; /* 1 row */
    size_t out_strip;
};

/* Scores of `tokens` queries of all heads against the last layer's keys, row 8 t + h of out:
 *   s_th = r2 * (bias1[t][h] + sum_j a1[j] * weight1[j][t][h]
 *                + r * (bias0[t][h] + sum_j a0[j] * weight0[j][t][h]))
 *          + sum_k (r2 * r * x[h][k] + pe[h][k]) * weight[h][k][t] */
struct folded_last_scores {
    size_t kept, strips, d, tokens; /* kept: K; tokens: 1..4 */
    struct folded_rows x, pe;       /* 8 * d rows each, those of x across */
    const float *weight; /* [8][d][8], each [d][8] as elements; likewise weight0 and weight1 */
    struct folded_rows a0, a1;      /* J rows across each */
    const float *weight0, *weight1; /* [tokens][J][8] */
    const float *bias0, *bias1;     /* [tokens][8] */
    struct folded_rows r, r2;       /* 1 row each */
    float *out;
    size_t out_strip;
};

/* Upscaling, from the folded last layer to logits.
 *   u[s][c] = r2 * (r * (x[s][c] + bias0[s][c] + sum_j a0[j] * weight0[j][s][c])
 *                   + bias1[s][c] + sum_j a1[j] * weight1[j][s][c]) + bias[s][c]
 * for the 4 pixels s = (dy, dx) of a position and C/4 channels c, plus high1[s][c] if the model has
 * high-resolution features; bias, weights and high1 are such that the mean over c is 0, but in
 * EfficientSAM. Then LayerNorm2d, or EfficientSAM's norm over the whole image, and GELU over c, a
 * transposed convolution to 4 pixels e = (ey, ex) of C/8 channels each, plus high0[s][channel][e],
 * GELU, and the product with each mask's hyper[C/8]. */
struct folded_upscale {
    size_t kept, strips;                  /* kept: K */
    size_t channels;                      /* C, a multiple of 32 */
    size_t masks;                         /* 1..4 */
    struct folded_rows x;                 /* [4][C/4] rows */
    struct folded_rows high1;             /* [4][C/4] rows; NULL: none */
    struct folded_rows high0;             /* [4][C/8][4] rows; NULL: none */
    struct folded_rows a0, a1;            /* J rows across each */
    const float *weight0;                 /* [J][4][C/4] elements */
    const float *weight1;                 /* [J][4][C/4] elements */
    const float *bias0;                   /* [4][C/4] */
    const float *bias1;                   /* [4][C/4] */
    const float *bias;                    /* [4][C/4] */
    struct folded_rows r, r2;             /* 1 row each */
    float mean, scale;                    /* of the norm over the whole image; 0: LayerNorm2d */
    const float *norm_weight, *norm_bias; /* [C/4] */
    const float *conv_weight;             /* [C/4][C/8][4] elements */
    const float *conv_bias;               /* [C/8] */
    const float *hyper;                   /* [masks][C/8] */
    float *scratch;                       /* [C/4][FOLDED_STRIP] */
    float *out;                           /* [masks][4 s][4 e] rows */
    size_t out_strip;
    float *sums; /* [strips][2][FOLDED_STRIP]: sums over s and c of u and of u^2, by positions; then
                  nothing else is computed. Or NULL */
    float
        *upscaled; /* [strips][4 s][C/8][4 e][FOLDED_STRIP]: what hyper is multiplied by; or NULL */
};

/* Rows of one strip, to which a mask adds its channels:
 *   out[i] = x[i] + sum_j weight[j][i] * channels[j] */
struct folded_mask_rows {
    size_t rows, count;  /* count: of channels */
    const float *x;      /* [rows][STRIP] */
    const float *weight; /* [count][rows], rows of it `weight_row` apart */
    size_t weight_row;
    const float *channels; /* [count][STRIP] */
    float *out;            /* [rows][STRIP] */
};

struct folded_kernels {
    size_t group; /* numbers of an element */

    /* Rows of floats as elements, `rows` an even number: across, and along. Their strips lie `step` floats
     * apart. Either may be NULL. NULL itself with floats. */
    void (*pack)(size_t rows, size_t strips, struct folded_rows from, float *across, float *along,
                 size_t step);

    /* out: a row for each column */
    void (*scores)(const struct folded_scores *in);

    /* The softmax with base 2 of the scores and `last`, whose probability is not stored. Relative
     * error below 1e-6. */
    void (*scores_softmax)(const struct folded_scores *in);

    /* The same of scores that are there: `rows` rows of s become probabilities. */
    void (*token_softmax)(size_t rows, size_t strips, float last, float *s, size_t s_strip);

    void (*length_init)(const struct folded_length_init *in);
    void (*length)(const struct folded_length *in);

    /* One row: x = 1 / sqrt(max(x, 0) / channels + eps); rounding may have made x negative. */
    void (*rstd)(size_t strips, float channels, float eps, float *x, size_t x_strip);

    void (*last_scores)(const struct folded_last_scores *in);

    /* One chunk of a softmax over positions, base 2, of `rows` <= 8 rows of s, of which the first
     * `valid` positions count: s becomes 2^(s - max) * scale. `scale` is 1 row; NULL means 1. */
    void (*softmax)(size_t rows, size_t strips, size_t valid, struct folded_rows scale, float *s,
                    size_t s_strip, struct folded_softmax *state);

    /* s *= scale for `rows` rows; sum[row] = sum[row] * factor[row] + sum over positions. */
    void (*rescale)(size_t rows, size_t strips, struct folded_rows scale, float *s, size_t s_strip,
                    const float *factor, float *sum);

    /* out[c][row] = out[c][row] * factor[row] + sum over positions of p[row] * x[c], for `rows`
     * rows of p that are `step` rows apart, and `columns` rows along of x; out[columns][8]. At most
     * FOLDED_CHUNK strips. */
    void (*gather)(size_t rows, size_t columns, size_t strips, struct folded_rows p, size_t step,
                   struct folded_rows x, const float *factor, float *out);

    void (*mask_rows)(const struct folded_mask_rows *in);

    /* c[rows][8] = a[rows][k] @ b[k][8], plus c when `add`; element (i, j) of a lies at
     * a[i * a_row + j * a_column]. */
    void (*gemm_n8)(size_t rows, size_t k, const float *a, size_t a_row, size_t a_column,
                    const float *b, int add, float *c);
};

/* In a file of its own, since it shares no code with the others. */
typedef void folded_upscale_kernel(const struct folded_upscale *in);

struct half16_kernel;

ISA_DECLARE(const struct folded_kernels, folded_kernels);
ISA_DECLARE(folded_upscale_kernel, folded_upscale);
#if defined(__x86_64__)
extern const struct folded_kernels folded_kernels_bf16_avx512;
extern folded_upscale_kernel folded_upscale_bf16_avx512;
#endif

/* The kernels and the upscaling for elements of floats (half16 is NULL) or of pairs of bf16. Never
 * NULL. */
const struct folded_kernels *folded_kernels_for(enum isa isa, const struct half16_kernel *half16);
folded_upscale_kernel *folded_upscale_for(enum isa isa, const struct half16_kernel *half16);

#endif
