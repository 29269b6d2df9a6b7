/* folded_image.h - the image side of the folded decoder: the state of one prompt, and the four
 * passes over the chunks of an image's positions. */
#ifndef MODEL_FOLDED_FOLDED_IMAGE_H
#define MODEL_FOLDED_FOLDED_IMAGE_H

#include "model/folded/folded_tables.h"

/* What struct folded_prompt.state holds, in this order. */
enum folded_part {
    FOLDED_A0, /* J rows: A0, probabilities of layer 0's image-to-tokens attention. In 16 bits: J / 2
                  rows of elements across, then J rows along, which are half as long (folded_kernel.h) */
    FOLDED_A1, /* J rows: A1, those of layer 1, likewise */
    FOLDED_R,  /* 1 row: 1 / sigma of the norm after layer 0 */
    FOLDED_Q,  /* 1 row: squared length of P(g X1) */
    FOLDED_R2, /* 1 row: 1 / sigma of the norm after layer 1 */
    FOLDED_PARTS
};

/* The rows before a part, for J pairs; the rows of all parts where it is FOLDED_PARTS. */
static inline size_t folded_part_row(enum folded_part part, size_t pairs)
{
    return part < FOLDED_R ? part * pairs : 2 * pairs + (part - FOLDED_R);
}

/* The small matrices of a squared length: struct folded_length without positions. */
struct folded_length_weights {
    float *weight; /* [8][B][d][8]; two lengths may have the same one */
    float *gram;   /* [8][B][J][8] */
    float *bias;   /* [8][B][8] */
    float base;    /* the part that is the same at all positions */
};

/* The last attention for up to SAM_MASKS tokens of one prompt. */
struct folded_last {
    float *weight;            /* [8][d][8]: column = token */
    float *weight0, *weight1; /* [M][J][8]: column = head */
    float *bias0, *bias1;     /* [M][8] */
    struct folded_softmax softmax[SAM_MASKS];
    float scaled[SAM_MASKS][FOLDED_COLUMNS]; /* sums of p * r2 * r; softmax.scaled: p * r2 */
    float *values;          /* [8][d][8]: sums of p * r2 * r times the value table */
    float *probs0, *probs1; /* [M][J][8]: sums of p * r2 * r times A0, of p * r2 times A1 */
};

/* One prompt of a batch. Columns of small matrices are tokens, d is D / H; T, B, K and J as in
 * folded_kernel.h. In 16 bits, the matrices that rows are multiplied by (queries, keys, gram, cross and
 * all weights) are packed as elements in place once they are complete. */
struct folded_prompt {
    float *first;   /* [T][D]: values of layer 0's image-to-tokens attention, v_t - v_K for
                              t < K, then v_K */
    float *second;  /* the same of layer 1 */
    float *queries; /* [8][B][d][8]: of the tokens-to-image attention of the layer at hand */
    float *keys;    /* [8][B][d][8]: of its image-to-tokens attention, less those of token K */
    float *scores_weight;                       /* [8][B][J][8] */
    float *scores_bias;                         /* [8][B][8] */
    float *keys_weight;                         /* [8][B][J][8] */
    float *keys_bias;                           /* [8][B][8] */
    struct folded_length_weights length;        /* of X1, then of what layer 1 adds to X2 */
    struct folded_length_weights scaled_length; /* of P(g X1) */
    float *cross;                               /* [8][B][J][8] */
    float *linear;                              /* [8][B][8] */
    float *first_constant;                      /* [J]: P(g X1) against the constant part of X2 */
    float first_base;                           /* the constant part of P(g X1) against the same */
    struct folded_softmax softmax[FOLDED_HEADS * FOLDED_GROUPS_MAX]; /* [8][B] */
    float *values; /* [8][B][d][8]: sums of softmax weights times the value table */
    float *probs;  /* [8][B][J][8]: sums of softmax weights times A0 */
    struct folded_last last;
    float *state; /* [strips][rows of all parts][STRIP] */
};

/* A chunk of positions, as every pass sees it. */
struct folded_chunk {
    const struct folded_kernels *kernels;
    size_t first;                /* its first strip in the image */
    size_t strips, valid;        /* its strips, and those of its positions that exist */
    size_t kept, groups, pairs;  /* K, B and J of the batch */
    float last;                  /* log2 of how many equal tokens the last one stands for */
    size_t d;                    /* channels a head */
    float channels;              /* C */
    struct folded_rows image;    /* the image's tables */
    struct folded_rows tables;   /* those of the prompt: the image's, or with a mask its own, which
                                   have no high-resolution features */
    struct folded_rows elements; /* the first FOLDED_TABLES of them as elements */
    struct folded_rows squares;  /* from the last linear row of `tables` on */
    struct folded_rows pe;       /* [3][D] rows */
    float *scores;               /* [strips][FOLDED_SCORES_ROWS][STRIP], scratch */
    float *probs;                /* [strips][J][STRIP], scratch; NULL with floats */
};

enum {
    FOLDED_SCORES_ROWS = SAM_MASKS * FOLDED_HEADS,
    FOLDED_SCORES_STRIP = FOLDED_SCORES_ROWS * FOLDED_STRIP
};

/* A part of a prompt's state in this chunk. */
struct folded_rows folded_state(const struct folded_chunk *chunk,
                                const struct folded_prompt *prompt, enum folded_part part);

/* Sets the sums over positions to 0, for K kept tokens; d is D / H. */
void folded_clear_sums(struct folded_prompt *prompt, size_t kept, size_t d);
void folded_clear_last_sums(struct folded_last *last, size_t kept, size_t d);

/* Layer 0, tokens to image. */
void folded_pass_first(const struct folded_chunk *chunk, struct folded_prompt *prompt);

/* Layer 0, image to tokens, its norm; layer 1, tokens to image. */
void folded_pass_second(const struct folded_chunk *chunk, struct folded_prompt *prompt);

/* Layer 1, image to tokens, its norm. */
void folded_pass_third(const struct folded_chunk *chunk, struct folded_prompt *prompt);

/* The last attention of `tokens` tokens. */
void folded_pass_last(const struct folded_chunk *chunk, struct folded_prompt *prompt, int tokens);

#endif
