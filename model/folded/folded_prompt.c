#include "model/folded/folded_prompt.h"

#include <math.h>
#include <string.h>

enum { HEADS = FOLDED_HEADS, KEPT = FOLDED_KEPT, PAIRS = FOLDED_PAIRS, COLUMNS = DECODER_COLUMNS };

/* out[8][d][8] from rows[tokens][D] times `scale`: column = token, the rest 0. */
static void columns_of(const struct folded_bench *bench, const float *rows, int tokens, float scale,
                       float *out)
{
    for (size_t i = 0; i < bench->inner; i++)
        for (int t = 0; t < COLUMNS; t++)
            out[i * COLUMNS + t] = t < tokens ? scale * rows[t * bench->inner + i] : 0;
}

/* Scores are taken to base 2: 1 / sqrt(d) becomes log2(e) / sqrt(d). */
static float score_scale(const struct folded_bench *bench)
{
    return (float)(M_LOG2E / sqrt((double)bench->d));
}

static float dot(const float *x, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * y[i];
    return (float)sum;
}

/* out[7][D] = rows 0..5 less row 6, then row 6 */
static void relative(const struct folded_bench *bench, const float *rows, float *out)
{
    const float *last = rows + KEPT * bench->inner;
    for (size_t t = 0; t < KEPT; t++)
        for (size_t i = 0; i < bench->inner; i++)
            out[t * bench->inner + i] = rows[t * bench->inner + i] - last[i];
    memcpy(out + KEPT * bench->inner, last, bench->inner * sizeof *out);
}

/* Applies a map to values[7][D] of `relative`: z[48][columns] of the differences and
 * constant[columns] of the last token. */
static void apply_map(const struct folded_bench *bench, enum fold_name name, const float *values)
{
    const struct fold_map *map = &bench->fold->maps[name];
    fold_rows(map, values, (int)bench->inner, bench->z);
    fold_constant(map, values + KEPT * bench->inner, (int)bench->inner, bench->constant);
}

/* out[8][48][8]: rows of z against the columns[d][8] of each head; start[8][8]: the constant. */
static void contract(const struct folded_bench *bench, const float *columns, float *out,
                     float *start)
{
    size_t inner = bench->inner;
    for (size_t h = 0; h < HEADS; h++) {
        const float *head = columns + h * bench->d * COLUMNS;
        bench->kernels->narrow(PAIRS, bench->d, bench->z + h * bench->d, inner, 1, head, 0,
                               out + h * PAIRS * COLUMNS);
        bench->kernels->narrow(1, bench->d, bench->constant + h * bench->d, inner, 1, head, 0,
                               start + h * COLUMNS);
    }
}

/* Matrices of a squared length from a Gram map that apply_map has applied: rows below the diagonal
 * blocks count twice. length->weight holds twice the values, bench->single the values. */
static void make_length(const struct folded_bench *bench, const float *last,
                        struct folded_length *length)
{
    size_t inner = bench->inner;
    size_t d = bench->d;
    for (size_t h = 0; h < HEADS; h++) {
        float *gram = length->gram + h * PAIRS * COLUMNS;
        const float *twice = length->weight + h * d * COLUMNS;
        const float *z = bench->z + h * d;
        bench->kernels->narrow(KEPT * h, d, z, inner, 1, twice, 0, gram);
        bench->kernels->narrow(KEPT, d, z + KEPT * h * inner, inner, 1,
                               bench->single + h * d * COLUMNS, 0, gram + KEPT * h * COLUMNS);
        bench->kernels->narrow(1, d, bench->constant + h * d, inner, 1, twice, 0,
                               length->start + h * COLUMNS);
    }
    length->base = dot(bench->constant, last, inner);
}

void folded_set_queries(const struct folded_bench *bench, const float *q,
                        struct folded_prompt *prompt)
{
    columns_of(bench, q, FOLDED_TOKENS, score_scale(bench), prompt->queries);
}

/* Columns of differences of keys, to the base 2. */
static void set_keys(const struct folded_bench *bench, const float *k, struct folded_prompt *prompt)
{
    relative(bench, k, bench->z);
    columns_of(bench, bench->z, KEPT, score_scale(bench), prompt->keys);
}

/* values[7][D] relative to the last, and their columns once and twice. */
static void set_values(const struct folded_bench *bench, const float *v, float *values,
                       float *twice)
{
    relative(bench, v, values);
    columns_of(bench, values, KEPT, 1, bench->single);
    columns_of(bench, values, FOLDED_TOKENS, 2, twice);
}

void folded_first_sums(const struct folded_bench *bench, const struct folded_prompt *prompt,
                       float *mix)
{
    for (size_t t = 0; t < FOLDED_TOKENS; t++)
        for (size_t i = 0; i < bench->inner; i++)
            mix[t * bench->inner + i] =
                prompt->values[i * COLUMNS + t] / prompt->softmax[i / bench->d].sum[t];
}

void folded_fold_first(const struct folded_bench *bench, const float *k, const float *v,
                       struct folded_prompt *prompt)
{
    const float *last = prompt->first + KEPT * bench->inner;
    set_keys(bench, k, prompt);
    set_values(bench, v, prompt->first, prompt->length.weight);
    apply_map(bench, FIRST_GRAM, prompt->first);
    make_length(bench, last, &prompt->length);
    apply_map(bench, FIRST_GRAM_SCALED, prompt->first);
    make_length(bench, last, &prompt->scaled_length);
}

void folded_fold_queries(const struct folded_bench *bench, const float *q,
                         struct folded_prompt *prompt)
{
    folded_set_queries(bench, q, prompt);
    apply_map(bench, FIRST_KEYS, prompt->first);
    contract(bench, prompt->queries, prompt->scores_weight, prompt->scores_start);
}

void folded_second_sums(const struct folded_bench *bench, const struct folded_prompt *prompt,
                        float *mix)
{
    size_t inner = bench->inner;
    apply_map(bench, FIRST_VALUES, prompt->first);
    for (size_t h = 0; h < HEADS; h++) {
        const struct decoder_softmax *softmax = &prompt->softmax[h];
        float *sums = bench->columns; /* [d][8] */
        memcpy(sums, prompt->values + h * bench->d * COLUMNS, bench->d * COLUMNS * sizeof *sums);
        bench->kernels->narrow(bench->d, PAIRS, bench->z + h * bench->d, 1, inner,
                               prompt->shares + h * PAIRS * COLUMNS, 1, sums);
        for (size_t i = 0; i < bench->d; i++)
            for (size_t t = 0; t < FOLDED_TOKENS; t++) {
                size_t at = h * bench->d + i;
                mix[t * inner + at] =
                    (sums[i * COLUMNS + t] + softmax->scaled[t] * bench->constant[at]) /
                        softmax->sum[t] +
                    bench->fold->values_bias[at];
            }
    }
}

void folded_fold_second(const struct folded_bench *bench, const float *k, const float *v,
                        struct folded_prompt *prompt)
{
    const struct decoder_fold *fold = bench->fold;
    size_t inner = bench->inner;
    const float *last = prompt->second + KEPT * inner;
    const float *first_last = prompt->first + KEPT * inner;
    set_keys(bench, k, prompt);
    apply_map(bench, FIRST_QUERIES, prompt->first);
    contract(bench, prompt->keys, prompt->keys_weight, prompt->keys_start);
    set_values(bench, v, prompt->second, prompt->length.weight);
    apply_map(bench, FIRST_CROSS, prompt->first);
    contract(bench, prompt->length.weight, prompt->cross, prompt->linear);
    for (size_t j = 0; j < PAIRS; j++) {
        size_t head = j / KEPT * bench->d;
        prompt->first_shift[j] =
            dot(bench->z + j * inner, last, inner) +
            dot(prompt->first + j % KEPT * inner + head, fold->first_shift + head, bench->d);
    }
    prompt->first_base =
        dot(bench->constant, last, inner) + dot(first_last, fold->first_shift, inner);
    apply_map(bench, SECOND_GRAM, prompt->second);
    for (size_t i = 0; i < inner; i++)
        bench->constant[i] += fold->second_shift[i];
    make_length(bench, last, &prompt->length);
    prompt->length.base += dot(last, fold->second_shift, inner) + fold->shift_square;
}

/* out[tokens][48][8 heads] from rows of z and the columns of tokens; start[tokens][8]. */
static void contract_last(const struct folded_bench *bench, const float *columns, int tokens,
                          float *out, float *start)
{
    for (size_t h = 0; h < HEADS; h++) {
        const float *head = columns + h * bench->d * COLUMNS;
        float single[COLUMNS];
        bench->kernels->narrow(PAIRS, bench->d, bench->z + h * bench->d, bench->inner, 1, head, 0,
                               bench->columns);
        bench->kernels->narrow(1, bench->d, bench->constant + h * bench->d, bench->inner, 1, head,
                               0, single);
        for (int t = 0; t < tokens; t++) {
            start[t * COLUMNS + h] = single[t];
            for (size_t j = 0; j < PAIRS; j++)
                out[(t * PAIRS + j) * COLUMNS + h] = bench->columns[j * COLUMNS + t];
        }
    }
}

void folded_fold_last(const struct folded_bench *bench, const float *q, int tokens,
                      struct folded_prompt *prompt)
{
    struct folded_last *last = &prompt->last;
    columns_of(bench, q, tokens, score_scale(bench), last->weight);
    apply_map(bench, FIRST_LAST_KEYS, prompt->first);
    contract_last(bench, last->weight, tokens, last->weight0, last->start0);
    apply_map(bench, SECOND_LAST_KEYS, prompt->second);
    for (size_t i = 0; i < bench->inner; i++)
        bench->constant[i] += bench->fold->last_keys_shift[i];
    contract_last(bench, last->weight, tokens, last->weight1, last->start1);
}

/* mix[tokens][D] += the values of a map that apply_map has applied: shares[tokens][48][8 heads],
 * and the constant times sums of the softmax. */
static void add_last_values(const struct folded_bench *bench, const float *shares,
                            const float *sums, size_t sums_row, int tokens, float *mix)
{
    for (int t = 0; t < tokens; t++)
        for (size_t h = 0; h < HEADS; h++) {
            float *out = mix + t * bench->inner + h * bench->d;
            for (size_t i = 0; i < bench->d; i++)
                out[i] += sums[t * sums_row + h] * bench->constant[h * bench->d + i];
            for (size_t j = 0; j < PAIRS; j++) {
                float share = shares[(t * PAIRS + j) * COLUMNS + h];
                for (size_t i = 0; i < bench->d; i++)
                    out[i] += share * bench->z[j * bench->inner + h * bench->d + i];
            }
        }
}

void folded_last_sums(const struct folded_bench *bench, const struct folded_prompt *prompt,
                      int tokens, float *mix)
{
    const struct folded_last *last = &prompt->last;
    const struct decoder_fold *fold = bench->fold;
    size_t inner = bench->inner;
    for (int t = 0; t < tokens; t++)
        for (size_t i = 0; i < inner; i++)
            mix[t * inner + i] = last->values[i * COLUMNS + t];
    apply_map(bench, FIRST_LAST_VALUES, prompt->first);
    add_last_values(bench, last->shares0, last->scaled[0], COLUMNS, tokens, mix);
    apply_map(bench, SECOND_LAST_VALUES, prompt->second);
    for (size_t i = 0; i < inner; i++)
        bench->constant[i] += fold->last_values_shift[i];
    add_last_values(bench, last->shares1, last->softmax[0].scaled,
                    sizeof *last->softmax / sizeof(float), tokens, mix);
    for (int t = 0; t < tokens; t++)
        for (size_t i = 0; i < inner; i++)
            mix[t * inner + i] =
                mix[t * inner + i] / last->softmax[t].sum[i / bench->d] + fold->last_values_bias[i];
}
