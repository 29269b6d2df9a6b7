/* folded_weights.h - what the folded decoder precomputes from the weights alone. MODEL.md derives the
 * formulas; names here are those used there.
 *
 * P is the projection that subtracts the mean over channels, d D / H. Row (h, i) of a matrix [D][x]
 * belongs to channel i of head h. */
#ifndef MODEL_FOLDED_FOLDED_WEIGHTS_H
#define MODEL_FOLDED_FOLDED_WEIGHTS_H

#include <stdbool.h>

#include "model/decoder/decoder_tensors.h"
#include "model/folded/folded_kernel.h"

struct error;

/* Tables by image position, linear in the embedding: the first TABLES have D rows each. */
enum decoder_table {
    TABLE_K0, /* keys of the first tokens-to-image attention */
    TABLE_V0, /* its values */
    TABLE_Q0, /* queries of the first image-to-tokens attention */
    TABLE_CE, /* E against the rows of its output projection */
    TABLE_X0, /* P(g E) against P(g ...) of the same rows */
    TABLE_EK, /* keys of the second tokens-to-image attention, less what depends on the prompt */
    TABLE_EV, /* its values */
    TABLE_EQ, /* queries of the second image-to-tokens attention */
    TABLE_X1, /* P(g E) against the rows of its output projection */
    TABLE_FK, /* keys of the last tokens-to-image attention */
    TABLE_FV, /* its values */
    TABLES
};

/* A linear map [D][columns] that is applied head by head to values of tokens. */
struct fold_map {
    int columns;
    struct matmul_packed heads[DECODER_HEADS]; /* owned: d rows each */
    struct matmul_packed all;                  /* owned: all D rows */
};

/* Which map of struct decoder_fold: FIRST_ of the values of layer 0, SECOND_ of layer 1. */
enum fold_name {
    FIRST_GRAM,        /* lengths of X1 */
    FIRST_GRAM_SCALED, /* lengths of P(g X1) */
    FIRST_KEYS,        /* keys of layer 1, tokens to image */
    FIRST_VALUES,
    FIRST_QUERIES, /* queries of layer 1, image to tokens */
    FIRST_CROSS,   /* P(g X1) with updates of layer 1 */
    FIRST_LAST_KEYS,
    FIRST_LAST_VALUES,
    FIRST_UPSCALE, /* [D][C], rows of struct decoder_upscale.weight0 */
    SECOND_GRAM,
    SECOND_LAST_KEYS,
    SECOND_LAST_VALUES,
    SECOND_UPSCALE,
    FOLD_MAPS
};

struct decoder_fold {
    void *block;         /* owned: all arrays below */
    int tiles;           /* of an image, the last one partly used */
    int rows;            /* of an image's tables: those of table_weight and two squared lengths */
    int linear_rows;     /* rows of table_weight: TABLES * D, C for upscaling, 1 */
    float *table_weight; /* [linear_rows][C], applied to the embedding */
    float *table_bias;   /* [linear_rows] */
    float *e_bias;       /* [C], embedding + e_bias, less its mean, is E */
    float *image_pe;     /* [tiles][2][D][TILE], added to K0 and Q0 */
    float *pe;           /* [tiles][3][D][TILE], for keys, queries of layer 1, last keys */
    struct fold_map maps[FOLD_MAPS];
    float *first_shift;       /* [D], FIRST_CROSS of the constant part of X2 */
    float *second_shift;      /* [D], SECOND_GRAM of the same */
    float *last_keys_shift;   /* [D] */
    float *last_values_shift; /* [D] */
    float *upscale_shift;     /* [C] */
    float shift_square;       /* squared length of the constant part of X2 */
    float *values_bias;       /* [D], of layer 1 */
    float *last_values_bias;  /* [D] */
    float *upscale_bias;      /* [C] */
};

/* Whether the folded decoder serves models of these sizes. */
bool decoder_fold_serves(const struct decoder_tensors *tensors);

/* Fills a zeroed struct. Returns 0, or -1 with ERROR_MEMORY; decoder_fold_free is due in both. */
int decoder_fold_make(struct decoder_fold *fold, const struct decoder_tensors *tensors,
                      struct error *error);
void decoder_fold_free(struct decoder_fold *fold);

/* z[48][columns]: row (h, t) = values[t][head h] @ map[head h] of values[6][D]. */
void fold_rows(const struct fold_map *map, const float *values, int inner, float *z);

/* z[columns] = values[D] @ map */
void fold_constant(const struct fold_map *map, const float *values, int inner, float *z);

#endif
