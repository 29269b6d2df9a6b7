/* folded_weights.h - what the folded decoder computes from the weights alone. MODEL.md derives
 * the formulas and uses the same names.
 *
 * P is the projection that subtracts the mean over channels; d is D / H. Row (h, i) of a matrix
 * [D][x] belongs to channel i of head h. */
#ifndef MODEL_FOLDED_FOLDED_WEIGHTS_H
#define MODEL_FOLDED_FOLDED_WEIGHTS_H

#include <stdbool.h>

#include "base/memory.h"
#include "model/decoder/decoder_tensors.h"
#include "model/folded/folded_kernel.h"

struct error;

/* Tables by position of the image, linear in the embedding, of D rows each. */
enum folded_table {
    FOLDED_TABLE_K0, /* keys of the first tokens-to-image attention */
    FOLDED_TABLE_V0, /* its values */
    FOLDED_TABLE_Q0, /* queries of the first image-to-tokens attention */
    FOLDED_TABLE_CE, /* products of E with the rows of its output projection */
    FOLDED_TABLE_X0, /* products of P(g E) with P(g ...) of the same rows */
    FOLDED_TABLE_EK, /* keys of the second tokens-to-image attention, the part without a prompt */
    FOLDED_TABLE_EV, /* its values */
    FOLDED_TABLE_EQ, /* queries of the second image-to-tokens attention */
    FOLDED_TABLE_X1, /* products of P(g E) with the rows of its output projection */
    FOLDED_TABLE_FK, /* keys of the last tokens-to-image attention */
    FOLDED_TABLE_FV, /* its values */
    FOLDED_TABLES
};

/* A linear map [D][columns] of the values of tokens, applied to each head apart. */
struct folded_map {
    int inner, columns;                        /* inner: D */
    struct matmul_packed heads[DECODER_HEADS]; /* owned: d rows each */
    struct matmul_packed all;                  /* owned: all D rows */
};

/* The maps. FIRST ones take values of layer 0, SECOND ones those of layer 1. */
enum folded_map_name {
    FOLDED_FIRST_GRAM,        /* lengths of X1 */
    FOLDED_FIRST_GRAM_SCALED, /* lengths of P(g X1) */
    FOLDED_FIRST_KEYS,        /* keys of layer 1, tokens to image */
    FOLDED_FIRST_VALUES,
    FOLDED_FIRST_QUERIES, /* queries of layer 1, image to tokens */
    FOLDED_FIRST_CROSS,   /* P(g X1) with updates of layer 1 */
    FOLDED_FIRST_LAST_KEYS,
    FOLDED_FIRST_LAST_VALUES,
    FOLDED_FIRST_UPSCALE, /* [D][C], rows of struct folded_upscale.weight0 */
    FOLDED_SECOND_GRAM,
    FOLDED_SECOND_LAST_KEYS,
    FOLDED_SECOND_LAST_VALUES,
    FOLDED_SECOND_UPSCALE,
    FOLDED_MAPS
};

struct folded_weights {
    struct arena arena;  /* owns all arrays below */
    int strips;          /* of an image; the last one may be partly used */
    int rows;            /* rows of an image's tables: linear_rows, two squared lengths, 3 C for
                            high-resolution features, if the model has them, and in 16 bits the
                            tables as elements */
    int linear_rows;     /* FOLDED_TABLES * D, C for upscaling, 2 m for masks as prompts, 1 for
                            P(g E) times constant */
    int element_row;     /* the first row of the tables as elements; 0 with floats */
    int element_rows;    /* how many rows the tables take as elements; 0 with floats */
    float *table_weight; /* [linear_rows][C], applied to the embedding */
    float *table_bias;   /* [linear_rows] */
    float *e_bias;       /* [C]: E = P(embedding + e_bias) */
    float *image_pe;     /* [strips][2][D][STRIP]: added to K0 and Q0 */
    float *pe;           /* [strips][3][D][STRIP]: for keys and queries of layer 1, and last keys */
    struct folded_map maps[FOLDED_MAPS];
    float *first_constant;       /* [D]: what FIRST_CROSS gives for the constant part of X2 */
    float *second_constant;      /* [D]: what SECOND_GRAM gives for it; likewise the next three */
    float *last_keys_constant;   /* [D] */
    float *last_values_constant; /* [D] */
    float *upscale_constant;     /* [C] */
    int mask_rows; /* m: channels of a mask as prompt, and one that is 1; 0: there are no masks */
    float *mask_weight; /* [m][linear_rows]: what a mask adds to the tables */
    float *mask_gram;   /* [m][m]: what it adds to the squared length of E, beside products with E,
                           which are the first m rows for masks */
    float *mask_gram_scaled; /* [m][m]: the same of P(g E), with the other m rows */
    float constant_square;   /* squared length of the constant part of X2 */
    float *values_bias;      /* [D]: of layer 1 */
    float *last_values_bias; /* [D] */
    float *upscale_bias;     /* [C] */
    float *upscale_conv;     /* [C/4][C/8][4], or [C/8][C/8][4] pairs */
};

/* Whether the folded decoder can serve a model of these sizes. */
bool folded_supports(const struct decoder_tensors *tensors);

/* The first row of the tables that is for masks as prompts. */
static inline size_t folded_mask_row(const struct folded_weights *weights)
{
    return (size_t)weights->linear_rows - 1 - 2 * (size_t)weights->mask_rows;
}

/* Fills a zeroed struct. Returns 0, or -1 with ERROR_MEMORY; the
 * caller calls folded_weights_free in both cases. */
int folded_weights_make(struct folded_weights *weights, const struct decoder_tensors *tensors,
                        struct error *error);
void folded_weights_free(struct folded_weights *weights);

/* z[8 * kept][columns] from values[kept][D]: row (h, t) = values[t][head h] @ map[head h]. */
void folded_map_rows(const struct folded_map *map, int kept, const float *values, float *z);

/* Packs rows of weights w[rows][columns] in place, as the model multiplies them: half16, or not at all
 * if it is NULL. The last row of elements may be partly 0. */
void folded_pack(const struct half16_kernel *half16, size_t rows, size_t columns, float *w);

/* z[columns] = values[D] @ map */
void folded_map_constant(const struct folded_map *map, const float *values, float *z);

#endif
