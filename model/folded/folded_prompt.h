/* folded_prompt.h - the small matrices of one prompt that the passes over the image work with, made
 * from projections of its tokens, and the weighted sums of values that come back. */
#ifndef MODEL_FOLDED_FOLDED_PROMPT_H
#define MODEL_FOLDED_FOLDED_PROMPT_H

#include "model/folded/folded_image.h"

/* Scratch and constants that all functions below share. */
struct folded_bench {
    const struct decoder_kernels *kernels;
    const struct decoder_fold *fold;
    size_t c, inner, d; /* C, D, D / H */
    float *z;           /* [48][C] */
    float *constant;    /* [C] */
    float *single;      /* [8][d][8]: values, column = token, as they are */
    float *columns;     /* [48][8] */
};

/* Sets prompt->queries from q[7][D], the tokens' projected queries. */
void folded_set_queries(const struct folded_bench *bench, const float *q,
                        struct folded_prompt *prompt);

/* mix[7][D]: the weighted sums of values after the first pass. */
void folded_first_sums(const struct folded_bench *bench, const struct folded_prompt *prompt,
                       float *mix);

/* For the second pass: what comes from k, v[7][D] of layer 0's image-to-tokens attention, and then
 * what comes from q[7][D] of layer 1's tokens-to-image attention. */
void folded_fold_first(const struct folded_bench *bench, const float *k, const float *v,
                       struct folded_prompt *prompt);
void folded_fold_queries(const struct folded_bench *bench, const float *q,
                         struct folded_prompt *prompt);

/* mix[7][D]: the weighted sums of values after the second pass. */
void folded_second_sums(const struct folded_bench *bench, const struct folded_prompt *prompt,
                        float *mix);

/* Everything for the third pass from k, v[7][D] of layer 1's image-to-tokens attention. */
void folded_fold_second(const struct folded_bench *bench, const float *k, const float *v,
                        struct folded_prompt *prompt);

/* Everything for the last attention of `tokens` tokens from their queries q[tokens][D]. */
void folded_fold_last(const struct folded_bench *bench, const float *q, int tokens,
                      struct folded_prompt *prompt);

/* mix[tokens][D]: the weighted sums of values after the last pass. */
void folded_last_sums(const struct folded_bench *bench, const struct folded_prompt *prompt,
                      int tokens, float *mix);

#endif
