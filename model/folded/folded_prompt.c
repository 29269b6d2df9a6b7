#include "model/folded/folded_prompt.h"

#include <math.h>
#include <string.h>

enum { HEADS = FOLDED_HEADS, COLUMNS = FOLDED_COLUMNS };

/* out[8][groups][d][8] from rows[tokens][D] times `scale`: column = token, the rest 0. */
static void columns_of(const struct folded_prompt_scratch *scratch, size_t groups,
                       const float *rows, size_t tokens, float scale, float *out)
{
    for (size_t part = 0; part < HEADS * groups; part++) {
        const float *head = rows + part / groups * scratch->d;
        const size_t first = part % groups * COLUMNS;
        for (size_t i = 0; i < scratch->d; i++)
            for (size_t t = first; t < first + COLUMNS; t++)
                *out++ = t < tokens ? scale * head[t * scratch->inner + i] : 0;
    }
}

/* Exponentials are 2^x, so scores are scaled by log2(e) / sqrt(d) instead of 1 / sqrt(d). */
static float score_scale(const struct folded_prompt_scratch *scratch)
{
    return (float)(M_LOG2E / sqrt((double)scratch->d));
}

static float dot(const float *x, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * y[i];
    return (float)sum;
}

/* out[T][D] = rows 0..K-1 less row K, then row K */
static void relative(const struct folded_prompt_scratch *scratch, const float *rows, float *out)
{
    const float *last = rows + scratch->kept * scratch->inner;
    for (size_t t = 0; t < scratch->kept; t++)
        for (size_t i = 0; i < scratch->inner; i++)
            out[t * scratch->inner + i] = rows[t * scratch->inner + i] - last[i];
    memcpy(out + scratch->kept * scratch->inner, last, scratch->inner * sizeof *out);
}

/* Applies a map to values[T][D] of `relative`: z[J][columns] of the differences and
 * constant[columns] of the last token. */
static void apply_map(const struct folded_prompt_scratch *scratch, enum folded_map_name name,
                      const float *values)
{
    const struct folded_map *map = &scratch->weights->maps[name];
    folded_map_rows(map, (int)scratch->kept, values, scratch->z);
    folded_map_constant(map, values + scratch->kept * scratch->inner, scratch->constant);
}

/* out[8][B][J][8]: rows of z against the columns[B][d][8] of each head; bias[8][B][8]: the
 * constant. */
static void contract(const struct folded_prompt_scratch *scratch, const float *columns, float *out,
                     float *bias)
{
    size_t inner = scratch->inner;
    for (size_t part = 0; part < HEADS * scratch->groups; part++) {
        const float *right = columns + part * scratch->d * COLUMNS;
        const size_t head = part / scratch->groups * scratch->d;
        scratch->kernels->gemm_n8(scratch->pairs, scratch->d, scratch->z + head, inner, 1, right, 0,
                                  out + part * scratch->pairs * COLUMNS);
        scratch->kernels->gemm_n8(1, scratch->d, scratch->constant + head, inner, 1, right, 0,
                                  bias + part * COLUMNS);
    }
}

/* The matrices of a squared length, from a Gram map that apply_map has applied. Rows below the
 * diagonal blocks count twice: length->weight holds the values times 2, scratch->single once. */
static void make_length(const struct folded_prompt_scratch *scratch, const float *last,
                        struct folded_length_weights *length)
{
    size_t inner = scratch->inner;
    size_t d = scratch->d;
    for (size_t part = 0; part < HEADS * scratch->groups; part++) {
        const size_t head = part / scratch->groups;
        const size_t below = scratch->kept * head;
        float *gram = length->gram + part * scratch->pairs * COLUMNS;
        const float *twice = length->weight + part * d * COLUMNS;
        const float *z = scratch->z + head * d;
        scratch->kernels->gemm_n8(below, d, z, inner, 1, twice, 0, gram);
        scratch->kernels->gemm_n8(scratch->kept, d, z + below * inner, inner, 1,
                                  scratch->single + part * d * COLUMNS, 0, gram + below * COLUMNS);
        scratch->kernels->gemm_n8(1, d, scratch->constant + head * d, inner, 1, twice, 0,
                                  length->bias + part * COLUMNS);
    }
    length->base = dot(scratch->constant, last, inner);
}

/* Matrices w[count][rows][8] as elements, in place, each where it was. */
static void pack(const struct folded_prompt_scratch *scratch, size_t count, size_t rows, float *w)
{
    for (size_t i = 0; i < count; i++)
        folded_pack(scratch->half16, rows, COLUMNS, w + i * rows * COLUMNS);
}

/* Only the rows of a Gram matrix that are set; what is behind them counts as 0. */
static void pack_gram(const struct folded_prompt_scratch *scratch,
                      const struct folded_length_weights *length)
{
    for (size_t part = 0; part < HEADS * scratch->groups; part++)
        folded_pack(scratch->half16, scratch->kept * (part / scratch->groups + 1), COLUMNS,
                    length->gram + part * scratch->pairs * COLUMNS);
}

static void set_queries(const struct folded_prompt_scratch *scratch, const float *q,
                        struct folded_prompt *prompt)
{
    columns_of(scratch, scratch->groups, q, scratch->kept + 1, score_scale(scratch),
               prompt->queries);
}

void folded_set_queries(const struct folded_prompt_scratch *scratch, const float *q,
                        struct folded_prompt *prompt)
{
    set_queries(scratch, q, prompt);
    pack(scratch, HEADS * scratch->groups, scratch->d, prompt->queries);
}

/* prompt->keys: columns of differences of keys, scaled for base 2. */
static void set_keys(const struct folded_prompt_scratch *scratch, const float *k,
                     struct folded_prompt *prompt)
{
    relative(scratch, k, scratch->z);
    columns_of(scratch, scratch->groups, scratch->z, scratch->kept, score_scale(scratch),
               prompt->keys);
}

/* values[T][D]: v relative to the last row. Their columns go to scratch->single and, times 2, to
 * `twice`. */
static void set_values(const struct folded_prompt_scratch *scratch, const float *v, float *values,
                       float *twice)
{
    relative(scratch, v, values);
    columns_of(scratch, scratch->groups, values, scratch->kept, 1, scratch->single);
    columns_of(scratch, scratch->groups, values, scratch->kept + 1, 2, twice);
}

void folded_first_sums(const struct folded_prompt_scratch *scratch,
                       const struct folded_prompt *prompt, float *mix)
{
    for (size_t part = 0; part < HEADS * scratch->groups; part++) {
        const size_t group = part % scratch->groups;
        const float *values = prompt->values + part * scratch->d * COLUMNS;
        float *out = mix + group * COLUMNS * scratch->inner + part / scratch->groups * scratch->d;
        for (size_t t = 0; t < folded_group_columns(scratch->kept + 1, group); t++)
            for (size_t i = 0; i < scratch->d; i++)
                out[t * scratch->inner + i] =
                    values[i * COLUMNS + t] / prompt->softmax[part].sum[t];
    }
}

void folded_fold_first(const struct folded_prompt_scratch *scratch, const float *k, const float *v,
                       struct folded_prompt *prompt)
{
    const float *last = prompt->first + scratch->kept * scratch->inner;
    set_keys(scratch, k, prompt);
    set_values(scratch, v, prompt->first, prompt->length.weight);
    apply_map(scratch, FOLDED_FIRST_GRAM, prompt->first);
    make_length(scratch, last, &prompt->length);
    apply_map(scratch, FOLDED_FIRST_GRAM_SCALED, prompt->first);
    make_length(scratch, last, &prompt->scaled_length);
    const size_t parts = HEADS * scratch->groups;
    pack(scratch, parts, scratch->d, prompt->keys);
    pack(scratch, parts, scratch->d, prompt->length.weight);
    pack_gram(scratch, &prompt->length);
    pack_gram(scratch, &prompt->scaled_length);
}

void folded_fold_queries(const struct folded_prompt_scratch *scratch, const float *q,
                         struct folded_prompt *prompt)
{
    set_queries(scratch, q, prompt);
    apply_map(scratch, FOLDED_FIRST_KEYS, prompt->first);
    contract(scratch, prompt->queries, prompt->scores_weight, prompt->scores_bias);
    pack(scratch, HEADS * scratch->groups, scratch->d, prompt->queries);
    pack(scratch, HEADS * scratch->groups, scratch->pairs, prompt->scores_weight);
}

void folded_second_sums(const struct folded_prompt_scratch *scratch,
                        const struct folded_prompt *prompt, float *mix)
{
    size_t inner = scratch->inner;
    apply_map(scratch, FOLDED_FIRST_VALUES, prompt->first);
    for (size_t part = 0; part < HEADS * scratch->groups; part++) {
        const struct folded_softmax *softmax = &prompt->softmax[part];
        const size_t head = part / scratch->groups * scratch->d;
        const size_t group = part % scratch->groups;
        float *sums = scratch->columns; /* [d][8] */
        memcpy(sums, prompt->values + part * scratch->d * COLUMNS,
               scratch->d * COLUMNS * sizeof *sums);
        scratch->kernels->gemm_n8(scratch->d, scratch->pairs, scratch->z + head, 1, inner,
                                  prompt->probs + part * scratch->pairs * COLUMNS, 1, sums);
        for (size_t i = 0; i < scratch->d; i++)
            for (size_t t = 0; t < folded_group_columns(scratch->kept + 1, group); t++)
                mix[(group * COLUMNS + t) * inner + head + i] =
                    (sums[i * COLUMNS + t] + softmax->scaled[t] * scratch->constant[head + i]) /
                        softmax->sum[t] +
                    scratch->weights->values_bias[head + i];
    }
}

void folded_fold_second(const struct folded_prompt_scratch *scratch, const float *k, const float *v,
                        struct folded_prompt *prompt)
{
    const struct folded_weights *weights = scratch->weights;
    size_t inner = scratch->inner;
    const float *last = prompt->second + scratch->kept * inner;
    const float *first_last = prompt->first + scratch->kept * inner;
    set_keys(scratch, k, prompt);
    apply_map(scratch, FOLDED_FIRST_QUERIES, prompt->first);
    contract(scratch, prompt->keys, prompt->keys_weight, prompt->keys_bias);
    set_values(scratch, v, prompt->second, prompt->length.weight);
    apply_map(scratch, FOLDED_FIRST_CROSS, prompt->first);
    contract(scratch, prompt->length.weight, prompt->cross, prompt->linear);
    for (size_t j = 0; j < scratch->pairs; j++) {
        size_t head = j / scratch->kept * scratch->d;
        prompt->first_constant[j] = dot(scratch->z + j * inner, last, inner) +
                                    dot(prompt->first + j % scratch->kept * inner + head,
                                        weights->first_constant + head, scratch->d);
    }
    prompt->first_base =
        dot(scratch->constant, last, inner) + dot(first_last, weights->first_constant, inner);
    apply_map(scratch, FOLDED_SECOND_GRAM, prompt->second);
    for (size_t i = 0; i < inner; i++)
        scratch->constant[i] += weights->second_constant[i];
    make_length(scratch, last, &prompt->length);
    prompt->length.base += dot(last, weights->second_constant, inner) + weights->constant_square;
    const size_t parts = HEADS * scratch->groups;
    pack(scratch, parts, scratch->d, prompt->keys);
    pack(scratch, parts, scratch->pairs, prompt->keys_weight);
    pack(scratch, parts, scratch->d, prompt->length.weight);
    pack(scratch, parts, scratch->pairs, prompt->cross);
    pack_gram(scratch, &prompt->length);
}

/* out[tokens][J][8 heads] from rows of z and the columns of tokens; bias[tokens][8]. */
static void contract_last(const struct folded_prompt_scratch *scratch, const float *columns,
                          int tokens, float *out, float *bias)
{
    for (size_t h = 0; h < HEADS; h++) {
        const float *head = columns + h * scratch->d * COLUMNS;
        float single[COLUMNS];
        scratch->kernels->gemm_n8(scratch->pairs, scratch->d, scratch->z + h * scratch->d,
                                  scratch->inner, 1, head, 0, scratch->columns);
        scratch->kernels->gemm_n8(1, scratch->d, scratch->constant + h * scratch->d, scratch->inner,
                                  1, head, 0, single);
        for (int t = 0; t < tokens; t++) {
            bias[t * COLUMNS + h] = single[t];
            for (size_t j = 0; j < scratch->pairs; j++)
                out[(t * scratch->pairs + j) * COLUMNS + h] = scratch->columns[j * COLUMNS + t];
        }
    }
}

void folded_fold_last(const struct folded_prompt_scratch *scratch, const float *q, int tokens,
                      struct folded_prompt *prompt)
{
    struct folded_last *last = &prompt->last;
    columns_of(scratch, 1, q, tokens, score_scale(scratch), last->weight);
    apply_map(scratch, FOLDED_FIRST_LAST_KEYS, prompt->first);
    contract_last(scratch, last->weight, tokens, last->weight0, last->bias0);
    apply_map(scratch, FOLDED_SECOND_LAST_KEYS, prompt->second);
    for (size_t i = 0; i < scratch->inner; i++)
        scratch->constant[i] += scratch->weights->last_keys_constant[i];
    contract_last(scratch, last->weight, tokens, last->weight1, last->bias1);
    pack(scratch, HEADS, scratch->d, last->weight);
    pack(scratch, (size_t)tokens, scratch->pairs, last->weight0);
    pack(scratch, (size_t)tokens, scratch->pairs, last->weight1);
}

/* mix[tokens][D] += the values of a map that apply_map has applied: probs[tokens][J][8 heads],
 * and the constant times sums[tokens][8 heads] of the softmax. */
static void add_last_values(const struct folded_prompt_scratch *scratch, const float *probs,
                            const float (*sums)[COLUMNS], int tokens, float *mix)
{
    for (int t = 0; t < tokens; t++)
        for (size_t h = 0; h < HEADS; h++) {
            float *out = mix + t * scratch->inner + h * scratch->d;
            for (size_t i = 0; i < scratch->d; i++)
                out[i] += sums[t][h] * scratch->constant[h * scratch->d + i];
            for (size_t j = 0; j < scratch->pairs; j++) {
                float prob = probs[(t * scratch->pairs + j) * COLUMNS + h];
                for (size_t i = 0; i < scratch->d; i++)
                    out[i] += prob * scratch->z[j * scratch->inner + h * scratch->d + i];
            }
        }
}

void folded_last_sums(const struct folded_prompt_scratch *scratch,
                      const struct folded_prompt *prompt, int tokens, float *mix)
{
    const struct folded_last *last = &prompt->last;
    const struct folded_weights *weights = scratch->weights;
    size_t inner = scratch->inner;
    for (int t = 0; t < tokens; t++)
        for (size_t i = 0; i < inner; i++)
            mix[t * inner + i] = last->values[i * COLUMNS + t];
    apply_map(scratch, FOLDED_FIRST_LAST_VALUES, prompt->first);
    add_last_values(scratch, last->probs0, last->scaled, tokens, mix);
    apply_map(scratch, FOLDED_SECOND_LAST_VALUES, prompt->second);
    for (size_t i = 0; i < inner; i++)
        scratch->constant[i] += weights->last_values_constant[i];
    float scaled[SAM_MASKS][COLUMNS];
    for (int t = 0; t < tokens; t++)
        memcpy(scaled[t], last->softmax[t].scaled, sizeof scaled[t]);
    add_last_values(scratch, last->probs1, scaled, tokens, mix);
    for (int t = 0; t < tokens; t++)
        for (size_t i = 0; i < inner; i++)
            mix[t * inner + i] = mix[t * inner + i] / last->softmax[t].sum[i / scratch->d] +
                                 weights->last_values_bias[i];
}
