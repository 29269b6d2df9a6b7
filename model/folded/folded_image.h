/* folded_image.h - the image side of the folded decoder: what is held for one prompt, and the four
 * passes over the chunks of an image's positions. */
#ifndef MODEL_FOLDED_FOLDED_IMAGE_H
#define MODEL_FOLDED_FOLDED_IMAGE_H

#include "model/folded/folded_tables.h"

enum {
    STATE_A0 = 0,                       /* shares of layer 0's image-to-tokens attention */
    STATE_R = FOLDED_PAIRS,             /* 1 / sigma of the norm after layer 0 */
    STATE_Q,                            /* squared length of P(g X1) */
    STATE_A1,                           /* shares of layer 1's image-to-tokens attention */
    STATE_R2 = STATE_A1 + FOLDED_PAIRS, /* 1 / sigma of the norm after layer 1 */
    STATE_ROWS                          /* of struct folded_prompt.state */
};

/* A squared length's small matrices: struct decoder_length without positions. */
struct folded_length {
    float *weight; /* [8][d][8], may be shared */
    float *gram;   /* [8][48][8] */
    float *start;  /* [8][8] */
    float base;    /* of the part that is the same at all positions */
};

/* The last attention for up to SAM_MASKS tokens of one prompt. */
struct folded_last {
    float *weight;            /* [8][d][8]: column = token */
    float *weight0, *weight1; /* [M][48][8]: column = head */
    float *start0, *start1;   /* [M][8] */
    struct decoder_softmax softmax[SAM_MASKS];
    float scaled[SAM_MASKS][DECODER_COLUMNS]; /* sums of p * r2 * r; softmax.scaled: p * r2 */
    float *values;            /* [8][d][8]: p * r2 * r gathered over the value table */
    float *shares0, *shares1; /* [M][48][8]: gathered over the shares */
};

/* One prompt of a batch. Matrices are small; d is D / H, columns are tokens. */
struct folded_prompt {
    float *first, *second; /* [7][D]: values of the image-to-tokens attentions; rows 0..5 less row
                              6, then row 6 */
    float *queries;        /* [8][d][8]: of the tokens-to-image attention of the layer at hand */
    float *keys;           /* [8][d][8]: of its image-to-tokens attention, less those of token 6 */
    float *scores_weight;  /* [8][48][8] */
    float *scores_start;   /* [8][8] */
    float *keys_weight;    /* [8][48][8] */
    float *keys_start;     /* [8][8] */
    struct folded_length length;        /* of X1, then of what layer 1 adds to X2 */
    struct folded_length scaled_length; /* of P(g X1) */
    float *cross;                       /* [8][48][8] */
    float *linear;                      /* [8][8] */
    float *first_shift;                 /* [48]: P(g X1) against the constant part of X2 */
    float first_base;                   /* the same of the constant part of P(g X1) */
    struct decoder_softmax softmax[FOLDED_HEADS];
    float *values; /* [8][d][8]: gathered over the value table */
    float *shares; /* [8][48][8]: gathered over the shares */
    struct folded_last last;
    float *state; /* [tiles][STATE_ROWS][TILE] */
};

/* What every pass over a chunk needs. */
struct folded_chunk {
    const struct decoder_kernels *kernels;
    size_t first;                /* tile of the image */
    size_t tiles, valid;         /* and positions of this chunk that exist */
    size_t d;                    /* channels a head */
    float channels;              /* C */
    struct decoder_rows tables;  /* of struct decoder_fold */
    struct decoder_rows squares; /* the rows of `tables` after the linear ones */
    struct decoder_rows pe;      /* [3][D] rows */
    float *scores;               /* [tiles][SCORES_ROWS][TILE], scratch */
};

enum { SCORES_ROWS = SAM_MASKS * FOLDED_HEADS, SCORES_TILE = SCORES_ROWS * DECODER_TILE };

/* Rows from `row` on of a prompt's state in this chunk. */
struct decoder_rows folded_state(const struct folded_chunk *chunk,
                                 const struct folded_prompt *prompt, size_t row);

/* Empties the sums over positions; d is D / H. */
void folded_begin(struct folded_prompt *prompt, size_t d);
void folded_begin_last(struct folded_last *last, size_t d);

/* Layer 0, tokens to image. */
void folded_pass_first(const struct folded_chunk *chunk, struct folded_prompt *prompt);

/* Layer 0, image to tokens, its norm; layer 1, tokens to image. */
void folded_pass_second(const struct folded_chunk *chunk, struct folded_prompt *prompt);

/* Layer 1, image to tokens, its norm. */
void folded_pass_third(const struct folded_chunk *chunk, struct folded_prompt *prompt);

/* The last attention of `tokens` tokens. */
void folded_pass_last(const struct folded_chunk *chunk, struct folded_prompt *prompt, int tokens);

#endif
