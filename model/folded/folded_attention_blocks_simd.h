/* folded_attention_blocks_simd.h - the attentions of the folded decoder, for elements of either kind. The
 * including file includes folded_floats_simd.h or folded_bf16_simd.h before, and names the functions
 * below in a struct folded_kernels. */
#ifndef MODEL_FOLDED_FOLDED_ATTENTION_BLOCKS_SIMD_H
#define MODEL_FOLDED_FOLDED_ATTENTION_BLOCKS_SIMD_H

#include <math.h>

#include "model/folded/folded_block_simd.h"
#include "model/folded/folded_reduce_simd.h"
#include "model/kernels/math_simd.h"

enum { HEADS = FOLDED_HEADS };

/* Rows of elements that hold `rows` rows. */
VECTOR_INLINE size_t grouped(size_t rows)
{
    return (rows + GROUP - 1) / GROUP;
}

/* The formula of struct folded_scores for one block of positions. */
VECTOR_INLINE void scores_block(const size_t rows, const struct folded_scores *in, size_t strip,
                                size_t at, vector acc[BLOCK_ROWS][WIDE])
{
    const float *x = rows_at(&in->x, strip, 0, at);
    if (!in->probs.at) {
        block_set(rows, NULL, acc);
        block_add_elements(rows, grouped(in->d), in->weight, COLUMNS, x, acc);
        return;
    }
    vector r[WIDE];
    block_load_row(rows_at(&in->r, strip, 0, at), r);
    block_set(rows, in->bias, acc);
    block_add_elements(rows, grouped(in->pairs), in->probs_weight, COLUMNS,
                       rows_at(&in->probs, strip, 0, at), acc);
    block_scale(rows, r, NULL, acc);
    block_add_scaled_elements(rows, grouped(in->d), in->weight, COLUMNS, x,
                              rows_at(&in->pe, strip, 0, at), r, acc);
}

/* s[rows] becomes the softmax over one token more, whose score is `last`. */
VECTOR_INLINE void kept_softmax(const size_t rows, vector last, vector s[BLOCK_ROWS][WIDE],
                                size_t j)
{
    vector max = last;
    UNROLLED
    for (size_t i = 0; i < rows; i++)
        max = vector_max(max, s[i][j]);
    vector sum = vector_exp2(last - max);
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        s[i][j] = vector_exp2(s[i][j] - max);
        sum += s[i][j];
    }
    vector inverse = vector_inverse(sum);
    UNROLLED
    for (size_t i = 0; i < rows; i++)
        s[i][j] *= inverse;
}

enum scores_form { PLAIN, SOFTMAX };

VECTOR_INLINE void scores_of(const size_t rows, const enum scores_form form,
                             const struct folded_scores *in)
{
    for (size_t strip = 0; strip < in->strips; strip++)
        for (size_t at = 0; at < FOLDED_STRIP; at += STEP) {
            vector acc[BLOCK_ROWS][WIDE];
            scores_block(rows, in, strip, at, acc);
            UNROLLED
            for (size_t j = 0; form == SOFTMAX && j < WIDE; j++)
                kept_softmax(rows, vector_set(in->last), acc, j);
            block_store(rows, in->out + strip * in->out_strip + at, ROW, acc);
        }
}

/* Has the loops of each number of columns compiled on their own. */
VECTOR_INLINE void scores_in(const enum scores_form form, const struct folded_scores *in)
{
    switch (in->columns) {
    case 1:
        return scores_of(1, form, in);
    case 2:
        return scores_of(2, form, in);
    case 3:
        return scores_of(3, form, in);
    case 4:
        return scores_of(4, form, in);
    case 5:
        return scores_of(5, form, in);
    case 6:
        return scores_of(6, form, in);
    case 7:
        return scores_of(7, form, in);
    default:
        return scores_of(8, form, in);
    }
}

static void scores(const struct folded_scores *in)
{
    scores_in(PLAIN, in);
}

static void scores_softmax(const struct folded_scores *in)
{
    scores_in(SOFTMAX, in);
}

static void token_softmax(size_t rows, size_t strips, float last, float *s, size_t s_strip)
{
    for (size_t i = 0; i < strips * (FOLDED_STRIP / LANES); i++) {
        float *at = s + i / (FOLDED_STRIP / LANES) * s_strip + i % (FOLDED_STRIP / LANES) * LANES;
        vector max = vector_set(last);
        for (size_t row = 0; row < rows; row++)
            max = vector_max(max, vector_load(at + row * ROW));
        vector sum = vector_exp2(last - max);
        for (size_t row = 0; row < rows; row++) {
            vector p = vector_exp2(vector_load(at + row * ROW) - max);
            sum += p;
            vector_store(at + row * ROW, p);
        }
        vector inverse = vector_inverse(sum);
        for (size_t row = 0; row < rows; row++)
            vector_store(at + row * ROW, vector_load(at + row * ROW) * inverse);
    }
}

/* Where a part of a squared length is computed. */
struct length_place {
    size_t head, group, strip, at;
};

/* What one head and one group of `tokens` tokens, of which `kept` are kept, add to the squared length
 * of a block of positions. */
VECTOR_INLINE void length_block(const size_t tokens, const size_t kept,
                                const struct folded_length *in, const struct length_place *place,
                                vector sum[WIDE])
{
    const size_t strip = place->strip, at = place->at;
    const size_t pairs = HEADS * in->kept;
    const size_t part = place->head * folded_groups(in->kept) + place->group;
    const size_t own = place->head * in->kept + place->group * COLUMNS;
    vector acc[BLOCK_ROWS][WIDE];
    block_set(tokens, NULL, acc);
    if (in->b.at) {
        block_set(kept, in->linear + part * COLUMNS, acc);
        block_add_elements(kept, grouped(pairs), in->cross + part * pairs * COLUMNS, COLUMNS,
                           rows_at(&in->b, strip, 0, at), acc);
    }
    block_add_elements(tokens, grouped(in->d), in->weight + part * in->d * COLUMNS, COLUMNS,
                       rows_at(&in->x, strip, place->head * grouped(in->d), at), acc);
    if (in->b.at) {
        vector r[WIDE];
        block_load_row(rows_at(&in->r, strip, 0, at), r);
        block_scale(tokens, r, NULL, acc);
    }
    block_add_elements(kept, grouped(in->kept * (place->head + 1)),
                       in->gram + part * pairs * COLUMNS, COLUMNS, rows_at(&in->a, strip, 0, at),
                       acc);
    UNROLLED
    for (size_t j = 0; tokens > kept && j < WIDE; j++)
        sum[j] += acc[kept][j];
    UNROLLED
    for (size_t i = 0; i < kept; i++) {
        vector a[WIDE];
        load_along(&in->own, strip, own + i, at, a);
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            sum[j] += a[j] * (acc[i][j] + in->bias[part * COLUMNS + i]);
    }
}

/* The last group of a head: `tokens` tokens, the last of which is not kept. */
VECTOR_INLINE void length_last(size_t tokens, const struct folded_length *in,
                               const struct length_place *place, vector sum[WIDE])
{
    switch (tokens) {
    case 1:
        return length_block(1, 0, in, place, sum);
    case 2:
        return length_block(2, 1, in, place, sum);
    case 3:
        return length_block(3, 2, in, place, sum);
    case 4:
        return length_block(4, 3, in, place, sum);
    case 5:
        return length_block(5, 4, in, place, sum);
    case 6:
        return length_block(6, 5, in, place, sum);
    case 7:
        return length_block(7, 6, in, place, sum);
    default:
        return length_block(8, 7, in, place, sum);
    }
}

static void length(const struct folded_length *in)
{
    const size_t last = folded_groups(in->kept) - 1;
    const size_t tokens = folded_group_columns(in->kept + 1, last);
    for (size_t strip = 0; strip < in->strips; strip++)
        for (size_t at = 0; at < FOLDED_STRIP; at += STEP) {
            float *out = in->out + strip * in->out_strip + at;
            vector sum[WIDE];
            block_load_row(out, sum);
            for (size_t head = 0; head < HEADS; head++) {
                struct length_place place = {head, 0, strip, at};
                for (; place.group < last; place.group++)
                    length_block(8, 8, in, &place, sum);
                length_last(tokens, in, &place, sum);
            }
            block_store_row(out, sum);
        }
}

static void length_init(const struct folded_length_init *in)
{
    for (size_t strip = 0; strip < in->strips; strip++)
        for (size_t at = 0; at < FOLDED_STRIP; at += STEP) {
            vector part[4][WIDE] = {0};
            block_load_row(rows_at(&in->x, strip, 0, at), part[0]);
            UNROLLED
            for (size_t k = 0; k < WIDE; k++)
                part[0][k] += in->c;
            for (size_t j = 0; j < HEADS * in->kept; j += 4) {
                UNROLLED
                for (size_t i = 0; i < 4; i++) {
                    vector a[WIDE];
                    load_along(&in->a, strip, j + i, at, a);
                    UNROLLED
                    for (size_t k = 0; k < WIDE; k++)
                        part[i][k] += in->e[j + i] * a[k];
                }
            }
            UNROLLED
            for (size_t k = 0; k < WIDE; k++) {
                const size_t lane = at + k * LANES;
                vector linear = (part[0][k] + part[1][k]) + (part[2][k] + part[3][k]);
                vector r = vector_load(rows_at(&in->r, strip, 0, lane));
                vector q = vector_load(rows_at(&in->q, strip, 0, lane));
                vector_store(in->out + strip * in->out_strip + lane,
                             r * (r * q + 2 * linear) + in->constant);
            }
        }
}

static void rstd(size_t strips, float channels, float eps, float *x, size_t x_strip)
{
    for (size_t strip = 0; strip < strips; strip++, x += x_strip)
        for (size_t i = 0; i < FOLDED_STRIP; i++) {
            float variance = (x[i] > 0 ? x[i] : 0) / channels;
            x[i] = 1 / sqrtf(variance + eps);
        }
}

/* All heads of one token: rows of the block are heads. */
VECTOR_INLINE void last_probs(const struct folded_last_scores *in, size_t token, size_t strip,
                              size_t at, float *out)
{
    const size_t pairs = HEADS * in->kept;
    const size_t matrix = token * pairs * COLUMNS;
    vector r[WIDE];
    vector acc[BLOCK_ROWS][WIDE];
    block_set(HEADS, in->bias0 + token * COLUMNS, acc);
    block_add_elements(HEADS, grouped(pairs), in->weight0 + matrix, COLUMNS,
                       rows_at(&in->a0, strip, 0, at), acc);
    block_load_row(rows_at(&in->r, strip, 0, at), r);
    block_scale(HEADS, r, in->bias1 + token * COLUMNS, acc);
    block_add_elements(HEADS, grouped(pairs), in->weight1 + matrix, COLUMNS,
                       rows_at(&in->a1, strip, 0, at), acc);
    block_load_row(rows_at(&in->r2, strip, 0, at), r);
    block_scale(HEADS, r, NULL, acc);
    block_store(HEADS, out + token * HEADS * ROW, ROW, acc);
}

/* All tokens, head by head: rows of the block are tokens. */
VECTOR_INLINE void add_last_keys(const size_t tokens, const struct folded_last_scores *in,
                                 size_t strip, size_t at, float *out)
{
    vector r[WIDE];
    vector scale[WIDE];
    block_load_row(rows_at(&in->r, strip, 0, at), r);
    block_load_row(rows_at(&in->r2, strip, 0, at), scale);
    UNROLLED
    for (size_t j = 0; j < WIDE; j++)
        scale[j] *= r[j];
    for (size_t head = 0; head < HEADS; head++) {
        const size_t row = head * in->d;
        vector acc[BLOCK_ROWS][WIDE];
        block_load(tokens, out + head * ROW, HEADS * ROW, acc);
        block_add_scaled_elements(tokens, grouped(in->d), in->weight + row * COLUMNS, COLUMNS,
                                  rows_at(&in->x, strip, head * grouped(in->d), at),
                                  rows_at(&in->pe, strip, row, at), scale, acc);
        block_store(tokens, out + head * ROW, HEADS * ROW, acc);
    }
}

static void last_scores(const struct folded_last_scores *in)
{
    for (size_t strip = 0; strip < in->strips; strip++)
        for (size_t at = 0; at < FOLDED_STRIP; at += STEP) {
            float *out = in->out + strip * in->out_strip + at;
            for (size_t token = 0; token < in->tokens; token++)
                last_probs(in, token, strip, at, out);
            if (in->tokens == 1)
                add_last_keys(1, in, strip, at, out);
            else if (in->tokens == 2)
                add_last_keys(2, in, strip, at, out);
            else if (in->tokens == 3)
                add_last_keys(3, in, strip, at, out);
            else
                add_last_keys(4, in, strip, at, out);
        }
}

/* out[8] = 2^x[8] */
VECTOR_INLINE void exp2_columns(const float *x, float *out)
{
    float room[COLUMNS + LANES] = {0};
    for (size_t i = 0; i < COLUMNS; i++)
        room[i] = x[i];
    for (size_t i = 0; i < COLUMNS; i += LANES)
        vector_store(room + i, vector_exp2(vector_load(room + i)));
    for (size_t i = 0; i < COLUMNS; i++)
        out[i] = room[i];
}

/* Updates state->max and state->factor by a chunk of scores. */
VECTOR_INLINE void next_max(size_t rows, size_t strips, const float *s, size_t s_strip,
                            struct folded_softmax *state)
{
    vector best[COLUMNS];
    columns max;
    float change[COLUMNS];
    for (size_t row = 0; row < COLUMNS; row++)
        best[row] = vector_set(state->max[row]);
    for (size_t row = 0; row < rows; row++)
        for (size_t strip = 0; strip < strips; strip++)
            for (size_t at = 0; at < FOLDED_STRIP; at += LANES)
                best[row] =
                    vector_max(best[row], vector_load(s + strip * s_strip + row * ROW + at));
    reduce_lanes(MAX, best, &max);
    for (size_t row = 0; row < COLUMNS; row++) {
        change[row] = state->max[row] - max[row];
        state->max[row] = max[row];
    }
    exp2_columns(change, state->factor);
}

/* Masks positions from `valid` on. Their weights become 2^-126, which is as little as vector_exp2 gives
 * and too little to change a sum: the largest weight is 1. */
static void hide(size_t rows, size_t strips, size_t valid, float *s, size_t s_strip)
{
    for (size_t i = valid; i < strips * FOLDED_STRIP; i++)
        for (size_t row = 0; row < rows; row++)
            s[i / FOLDED_STRIP * s_strip + row * ROW + i % FOLDED_STRIP] = -1e30f;
}

/* sum[8] = sum * factor + the lanes of total */
VECTOR_INLINE void add_sums(const vector total[COLUMNS], const float *factor, float *sum)
{
    columns sums;
    reduce_lanes(SUM, total, &sums);
    *(columns *)sum = *(columns *)sum * *(const columns *)factor + sums;
}

static void softmax(size_t rows, size_t strips, size_t valid, struct folded_rows scale, float *s,
                    size_t s_strip, struct folded_softmax *state)
{
    vector sum[COLUMNS] = {0};
    vector scaled[COLUMNS] = {0};
    hide(rows, strips, valid, s, s_strip);
    next_max(rows, strips, s, s_strip, state);
    for (size_t row = 0; row < rows; row++)
        for (size_t strip = 0; strip < strips; strip++)
            for (size_t at = 0; at < FOLDED_STRIP; at += LANES) {
                float *to = s + strip * s_strip + row * ROW + at;
                vector p = vector_exp2(vector_load(to) - state->max[row]);
                sum[row] += p;
                if (scale.at)
                    p *= vector_load(rows_at(&scale, strip, 0, at));
                scaled[row] += p;
                vector_store(to, p);
            }
    add_sums(sum, state->factor, state->sum);
    add_sums(scaled, state->factor, state->scaled);
}

static void rescale(size_t rows, size_t strips, struct folded_rows scale, float *s, size_t s_strip,
                    const float *factor, float *sum)
{
    vector total[COLUMNS] = {0};
    for (size_t row = 0; row < rows; row++)
        for (size_t strip = 0; strip < strips; strip++)
            for (size_t at = 0; at < FOLDED_STRIP; at += LANES) {
                float *to = s + strip * s_strip + row * ROW + at;
                vector p = vector_load(to) * vector_load(rows_at(&scale, strip, 0, at));
                total[row] += p;
                vector_store(to, p);
            }
    add_sums(total, factor, sum);
}

enum { GATHER_WIDE = 4 };

/* Rows first .. first + count - 1 of x, for gather; p: rows of elements along positions, `step` apart. */
VECTOR_INLINE void gather_block(const size_t rows, const size_t count, size_t strips,
                                const struct folded_rows *p, size_t step,
                                const struct folded_rows *x, size_t first, const float *factor,
                                float *out)
{
    vector acc[GATHER_WIDE][COLUMNS] = {0};
    for (size_t strip = 0; strip < strips; strip++)
        for (size_t at = 0; at < ALONG; at += LANES) {
            vector right[GATHER_WIDE];
            UNROLLED
            for (size_t c = 0; c < count; c++)
                right[c] = vector_load(x->at + strip * x->strip + (first + c) * ALONG + at);
            UNROLLED
            for (size_t i = 0; i < rows; i++) {
                vector left = vector_load(p->at + strip * p->strip + i * step * ALONG + at);
                UNROLLED
                for (size_t c = 0; c < count; c++)
                    acc[c][i] = multiply_along(acc[c][i], left, right[c]);
            }
        }
    UNROLLED
    for (size_t c = 0; c < count; c++)
        add_sums(acc[c], factor, out + (first + c) * COLUMNS);
}

VECTOR_INLINE void gather_rows(const size_t rows, const size_t wide, size_t count, size_t strips,
                               const struct folded_rows *p, size_t step,
                               const struct folded_rows *x, const float *factor, float *out)
{
    size_t first = 0;
    for (; first + wide <= count; first += wide)
        gather_block(rows, wide, strips, p, step, x, first, factor, out);
    for (; first < count; first++)
        gather_block(rows, 1, strips, p, step, x, first, factor, out);
}

static void gather(size_t rows, size_t count, size_t strips, struct folded_rows p, size_t step,
                   struct folded_rows x, const float *factor, float *out)
{
    float room[FOLDED_CHUNK * COLUMNS * ALONG];
    p = rows_along(rows, strips, p, &step, room);
    if (rows == 1)
        gather_rows(1, 4, count, strips, &p, step, &x, factor, out);
    else if (rows == 2)
        gather_rows(2, 4, count, strips, &p, step, &x, factor, out);
    else if (rows == 3)
        gather_rows(3, 4, count, strips, &p, step, &x, factor, out);
    else if (rows == 4)
        gather_rows(4, 4, count, strips, &p, step, &x, factor, out);
    else if (rows == 5)
        gather_rows(5, 4, count, strips, &p, step, &x, factor, out);
    else if (rows == 6)
        gather_rows(6, 3, count, strips, &p, step, &x, factor, out);
    else if (rows == 7)
        gather_rows(7, 3, count, strips, &p, step, &x, factor, out);
    else
        gather_rows(8, 3, count, strips, &p, step, &x, factor, out);
}

VECTOR_INLINE void mask_rows_block(const size_t rows, const struct folded_mask_rows *in,
                                   size_t first)
{
    for (size_t at = 0; at < FOLDED_STRIP; at += STEP) {
        vector acc[BLOCK_ROWS][WIDE];
        block_load(rows, in->x + first * ROW + at, ROW, acc);
        block_add(rows, in->count, in->weight + first, in->weight_row, in->channels + at, acc);
        block_store(rows, in->out + first * ROW + at, ROW, acc);
    }
}

static void mask_rows(const struct folded_mask_rows *in)
{
    size_t first = 0;
    for (; first + BLOCK_ROWS <= in->rows; first += BLOCK_ROWS)
        mask_rows_block(BLOCK_ROWS, in, first);
    for (; first < in->rows; first++)
        mask_rows_block(1, in, first);
}

/* A row of a small matrix in registers: two where a vector has half its length, else one. */
#if defined(__AVX2__)
enum { PARTS = 1 };
#else
enum { PARTS = 2 };
#endif
typedef float part __attribute__((vector_size(4 * COLUMNS / PARTS), aligned(4), may_alias));

VECTOR_INLINE void gemm_n8_block(const size_t rows, size_t k, const float *a, size_t a_row,
                                 size_t a_column, const float *b, int add, float *c)
{
    part acc[BLOCK_ROWS * PARTS];
    UNROLLED
    for (size_t i = 0; i < rows * PARTS; i++)
        acc[i] = add ? ((const part *)c)[i] : (part){0};
    for (size_t j = 0; j < k; j++) {
        part right[PARTS];
        UNROLLED
        for (size_t h = 0; h < PARTS; h++)
            right[h] = ((const part *)b)[j * PARTS + h];
        UNROLLED
        for (size_t i = 0; i < rows * PARTS; i++)
            acc[i] += a[i / PARTS * a_row + j * a_column] * right[i % PARTS];
    }
    UNROLLED
    for (size_t i = 0; i < rows * PARTS; i++)
        ((part *)c)[i] = acc[i];
}

static void gemm_n8(size_t rows, size_t k, const float *a, size_t a_row, size_t a_column,
                    const float *b, int add, float *c)
{
    for (; rows >= BLOCK_ROWS;
         rows -= BLOCK_ROWS, a += BLOCK_ROWS * a_row, c += BLOCK_ROWS * COLUMNS)
        gemm_n8_block(BLOCK_ROWS, k, a, a_row, a_column, b, add, c);
    for (; rows > 0; rows--, a += a_row, c += COLUMNS)
        gemm_n8_block(1, k, a, a_row, a_column, b, add, c);
}

#endif
