/* folded_prompt.h - the small matrices of one prompt. They are made from projections of its tokens,
 * for the passes over the image; what a pass has summed becomes the attention's output here. */
#ifndef MODEL_FOLDED_FOLDED_PROMPT_H
#define MODEL_FOLDED_FOLDED_PROMPT_H

#include "model/folded/folded_image.h"

/* Scratch and sizes for all functions below. */
struct folded_prompt_scratch {
    const struct folded_kernels *kernels;
    const struct half16_kernel *half16; /* of the matrices' elements; NULL: floats */
    const struct folded_weights *weights;
    size_t c, inner, d;         /* C, D, D / H */
    size_t kept, groups, pairs; /* K, B and J of the batch */
    float *z;                   /* [J][C]: what a map gives for pairs (h, t) */
    float *constant;            /* [C]: what it gives for the last token */
    float *single;              /* [8][B][d][8]: values, column = token */
    float *columns;             /* [J + D][8] */
};

/* Sets prompt->queries from q[T][D], the tokens' projected queries. */
void folded_set_queries(const struct folded_prompt_scratch *scratch, const float *q,
                        struct folded_prompt *prompt);

/* mix[T][D]: attention-weighted values, after the first pass. */
void folded_first_sums(const struct folded_prompt_scratch *scratch,
                       const struct folded_prompt *prompt, float *mix);

/* Matrices for the second pass: first those made from k and v[T][D] of layer 0's image-to-tokens
 * attention, then those made from q[T][D] of layer 1's tokens-to-image attention. */
void folded_fold_first(const struct folded_prompt_scratch *scratch, const float *k, const float *v,
                       struct folded_prompt *prompt);
void folded_fold_queries(const struct folded_prompt_scratch *scratch, const float *q,
                         struct folded_prompt *prompt);

/* mix[T][D]: attention-weighted values, after the second pass. */
void folded_second_sums(const struct folded_prompt_scratch *scratch,
                        const struct folded_prompt *prompt, float *mix);

/* Matrices for the third pass, from k and v[T][D] of layer 1's image-to-tokens attention. */
void folded_fold_second(const struct folded_prompt_scratch *scratch, const float *k, const float *v,
                        struct folded_prompt *prompt);

/* Matrices for the last attention of `tokens` tokens, from their queries q[tokens][D]. */
void folded_fold_last(const struct folded_prompt_scratch *scratch, const float *q, int tokens,
                      struct folded_prompt *prompt);

/* mix[tokens][D]: attention-weighted values, after the last pass. */
void folded_last_sums(const struct folded_prompt_scratch *scratch,
                      const struct folded_prompt *prompt, int tokens, float *mix);

#endif
