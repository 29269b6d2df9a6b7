#include "model/decoder_kernel.h"

#include <math.h>

#include "model/decoder_tile_simd.h"
#include "model/math_simd.h"

enum { KEPT = FOLDED_KEPT, TOKENS = FOLDED_TOKENS, COLUMNS = DECODER_COLUMNS };

typedef float columns __attribute__((vector_size(4 * COLUMNS), aligned(4), may_alias));

/* The formula of struct decoder_scores for STEP positions from `at`. */
VECTOR_INLINE void scores_tile(const size_t rows, const struct decoder_scores *in, size_t at,
                               vector acc[TILE_ROWS][TILE])
{
    tile_set(rows, in->shares ? in->start : NULL, acc);
    if (!in->shares) {
        tile_add(rows, in->d, in->weight, COLUMNS, in->x + at, DECODER_CHUNK, acc);
        return;
    }
    vector r[TILE];
    tile_load(in->r + at, r);
    tile_add(rows, FOLDED_PAIRS, in->shares_weight, COLUMNS, in->shares + at, DECODER_CHUNK, acc);
    tile_scale(rows, r, acc);
    tile_add_scaled(rows, in->d, in->weight, COLUMNS, in->x + at, in->pe + at, r, acc);
}

static void scores(const struct decoder_scores *in, float *out)
{
    for (size_t at = 0; at < in->n; at += STEP) {
        vector acc[TILE_ROWS][TILE];
        scores_tile(TOKENS, in, at, acc);
        UNROLLED for (size_t i = 0; i < TOKENS; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
            vector_store(out + i * DECODER_CHUNK + at + j * LANES, acc[i][j]);
    }
}

/* s[6] becomes the shares of six tokens; the seventh has score 0. */
VECTOR_INLINE void share(vector s[TILE_ROWS][TILE], size_t j)
{
    vector max = (vector){0};
    UNROLLED for (size_t i = 0; i < KEPT; i++) max = vector_max(max, s[i][j]);
    vector sum = vector_exp2(-max);
    UNROLLED for (size_t i = 0; i < KEPT; i++)
    {
        s[i][j] = vector_exp2(s[i][j] - max);
        sum += s[i][j];
    }
    vector inverse = vector_inverse(sum);
    UNROLLED for (size_t i = 0; i < KEPT; i++) s[i][j] *= inverse;
}

static void token_softmax(const struct decoder_scores *in, float *out)
{
    for (size_t at = 0; at < in->n; at += STEP) {
        vector acc[TILE_ROWS][TILE];
        scores_tile(KEPT, in, at, acc);
        UNROLLED for (size_t j = 0; j < TILE; j++)
        {
            share(acc, j);
            UNROLLED for (size_t i = 0; i < KEPT; i++)
                vector_store(out + i * DECODER_CHUNK + at + j * LANES, acc[i][j]);
        }
    }
}

/* What one head adds to the squared length of STEP positions from `at`. */
VECTOR_INLINE void length_tile(const struct decoder_length *in, size_t head, size_t at,
                               vector sum[TILE])
{
    const size_t pairs = KEPT * (head + 1);
    const size_t matrix = head * FOLDED_PAIRS * COLUMNS;
    vector acc[TILE_ROWS][TILE];
    tile_set(TOKENS, NULL, acc);
    if (in->b) {
        vector r[TILE];
        tile_load(in->r + at, r);
        tile_set(KEPT, in->linear + head * COLUMNS, acc);
        tile_add(KEPT, FOLDED_PAIRS, in->cross + matrix, COLUMNS, in->b + at, DECODER_CHUNK, acc);
        tile_add(TOKENS, in->d, in->weight + head * in->d * COLUMNS, COLUMNS,
                 in->x + head * in->d * DECODER_CHUNK + at, DECODER_CHUNK, acc);
        tile_scale(TOKENS, r, acc);
    } else {
        tile_add(TOKENS, in->d, in->weight + head * in->d * COLUMNS, COLUMNS,
                 in->x + head * in->d * DECODER_CHUNK + at, DECODER_CHUNK, acc);
    }
    tile_add(KEPT, pairs, in->gram + matrix, COLUMNS, in->a + at, DECODER_CHUNK, acc);
    UNROLLED for (size_t j = 0; j < TILE; j++)
    {
        sum[j] += acc[KEPT][j];
        UNROLLED for (size_t i = 0; i < KEPT; i++) sum[j] +=
            vector_load(in->a + (head * KEPT + i) * DECODER_CHUNK + at + j * LANES) *
            (acc[i][j] + in->start[head * COLUMNS + i]);
    }
}

static void length(const struct decoder_length *in)
{
    for (size_t at = 0; at < in->n; at += STEP) {
        vector sum[TILE];
        tile_load(in->out + at, sum);
        for (size_t head = 0; head < FOLDED_HEADS; head++)
            length_tile(in, head, at, sum);
        UNROLLED for (size_t j = 0; j < TILE; j++) vector_store(in->out + at + j * LANES, sum[j]);
    }
}

static void length_start(size_t n, const float *r, const float *q, const float *x, float c,
                         const float *a, const float *e, float constant, float *out)
{
    for (size_t at = 0; at < n; at += LANES) {
        vector part[4] = {vector_load(x + at) + c};
        for (size_t j = 0; j < FOLDED_PAIRS; j += 4)
            UNROLLED for (size_t i = 0; i < 4; i++) part[i] +=
                e[j + i] * vector_load(a + (j + i) * DECODER_CHUNK + at);
        vector linear = (part[0] + part[1]) + (part[2] + part[3]);
        vector scale = vector_load(r + at);
        vector_store(out + at, scale * (scale * vector_load(q + at) + 2 * linear) + constant);
    }
}

static void inverse_deviation(size_t n, float channels, float eps, float *x)
{
    for (size_t i = 0; i < n; i++) {
        float variance = (x[i] > 0 ? x[i] : 0) / channels;
        x[i] = 1 / sqrtf(variance + eps);
    }
}

/* Head by head, for all tokens: acc holds tokens x one head. */
VECTOR_INLINE void add_last_keys(const size_t tokens, const struct decoder_last_scores *in,
                                 size_t at, const vector scale[TILE], float *out)
{
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        vector acc[TILE_ROWS][TILE];
        float *to = out + head * DECODER_CHUNK + at;
        UNROLLED for (size_t i = 0; i < tokens; i++)
            tile_load(to + i * FOLDED_HEADS * DECODER_CHUNK, acc[i]);
        size_t row = head * in->d;
        tile_add_scaled(tokens, in->d, in->weight + row * COLUMNS, COLUMNS,
                        in->x + row * DECODER_CHUNK + at, in->pe + row * DECODER_CHUNK + at, scale,
                        acc);
        UNROLLED for (size_t i = 0; i < tokens; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
            vector_store(to + i * FOLDED_HEADS * DECODER_CHUNK + j * LANES, acc[i][j]);
    }
}

/* All heads of one token: acc holds heads. */
VECTOR_INLINE void last_shares(const struct decoder_last_scores *in, size_t token, size_t at,
                               const vector r[TILE], const vector r2[TILE], float *out)
{
    const size_t matrix = token * FOLDED_PAIRS * COLUMNS;
    vector acc[TILE_ROWS][TILE];
    tile_set(FOLDED_HEADS, in->start0 + token * COLUMNS, acc);
    tile_add(FOLDED_HEADS, FOLDED_PAIRS, in->weight0 + matrix, COLUMNS, in->a0 + at, DECODER_CHUNK,
             acc);
    tile_scale(FOLDED_HEADS, r, acc);
    UNROLLED for (size_t i = 0; i < FOLDED_HEADS; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
        acc[i][j] += in->start1[token * COLUMNS + i];
    tile_add(FOLDED_HEADS, FOLDED_PAIRS, in->weight1 + matrix, COLUMNS, in->a1 + at, DECODER_CHUNK,
             acc);
    tile_scale(FOLDED_HEADS, r2, acc);
    UNROLLED for (size_t i = 0; i < FOLDED_HEADS; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
        vector_store(out + (token * FOLDED_HEADS + i) * DECODER_CHUNK + at + j * LANES, acc[i][j]);
}

static void last_scores(const struct decoder_last_scores *in, float *out)
{
    for (size_t at = 0; at < in->n; at += STEP) {
        vector r[TILE];
        vector r2[TILE];
        vector scale[TILE];
        tile_load(in->r + at, r);
        tile_load(in->r2 + at, r2);
        UNROLLED for (size_t j = 0; j < TILE; j++) scale[j] = r[j] * r2[j];
        for (size_t token = 0; token < in->tokens; token++)
            last_shares(in, token, at, r, r2, out);
        if (in->tokens == 1)
            add_last_keys(1, in, at, scale, out);
        else if (in->tokens == 2)
            add_last_keys(2, in, at, scale, out);
        else if (in->tokens == 3)
            add_last_keys(3, in, at, scale, out);
        else
            add_last_keys(4, in, at, scale, out);
    }
}

/* The largest of a row's first `valid` numbers and `max`; those past `valid` become very small. */
static float row_max(size_t n, size_t valid, float *s, float max)
{
    for (size_t i = valid; i < n; i++)
        s[i] = -1e30f;
    vector best = vector_set(max);
    for (size_t i = 0; i < n; i += LANES)
        best = vector_max(best, vector_load(s + i));
    for (size_t i = 0; i < LANES; i++)
        max = best[i] > max ? best[i] : max;
    return max;
}

static void softmax(size_t rows, size_t n, size_t valid, const float *scale, float *s,
                    struct decoder_softmax *state)
{
    for (size_t row = 0; row < rows; row++, s += DECODER_CHUNK) {
        float max = row_max(n, valid, s, state->max[row]);
        vector sum = (vector){0};
        vector scaled = (vector){0};
        for (size_t i = 0; i < n; i += LANES) {
            vector p = vector_exp2(vector_load(s + i) - max);
            sum += p;
            if (scale)
                p *= vector_load(scale + i);
            scaled += p;
            vector_store(s + i, p);
        }
        float factor = vector_exp2(vector_set(state->max[row] - max))[0];
        state->factor[row] = factor;
        state->max[row] = max;
        state->sum[row] = state->sum[row] * factor + vector_sum(sum);
        state->scaled[row] = state->scaled[row] * factor + vector_sum(scaled);
    }
}

static void rescale(size_t rows, size_t n, const float *scale, float *s, const float *factor,
                    float *sum)
{
    for (size_t row = 0; row < rows; row++, s += DECODER_CHUNK) {
        vector total = (vector){0};
        for (size_t i = 0; i < n; i += LANES) {
            vector p = vector_load(s + i) * vector_load(scale + i);
            total += p;
            vector_store(s + i, p);
        }
        sum[row] = sum[row] * factor[row] + vector_sum(total);
    }
}

#if defined(__AVX512F__)

/* Each 128-bit part of the result: the sums of that part of a, b, c and d. */
VECTOR_INLINE vector sum_parts(vector a, vector b, vector c, vector d)
{
    vector ab = _mm512_unpacklo_ps(a, b) + _mm512_unpackhi_ps(a, b);
    vector cd = _mm512_unpacklo_ps(c, d) + _mm512_unpackhi_ps(c, d);
    return _mm512_shuffle_ps(ab, cd, 0x44) + _mm512_shuffle_ps(ab, cd, 0xEE);
}

/* sums[8]: of the lanes of eight vectors. */
VECTOR_INLINE void sum_lanes(const vector x[COLUMNS], columns *sums)
{
    vector low = sum_parts(x[0], x[1], x[2], x[3]);
    vector high = sum_parts(x[4], x[5], x[6], x[7]);
    vector halves = _mm512_shuffle_f32x4(low, high, 0x44) + _mm512_shuffle_f32x4(low, high, 0xEE);
    vector both =
        _mm512_shuffle_f32x4(halves, halves, 0x88) + _mm512_shuffle_f32x4(halves, halves, 0xDD);
    *sums = (columns)_mm512_castps512_ps256(both);
}

#elif defined(__AVX2__)

VECTOR_INLINE vector sum_parts(vector a, vector b, vector c, vector d)
{
    return _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
}

VECTOR_INLINE void sum_lanes(const vector x[COLUMNS], columns *sums)
{
    vector low = sum_parts(x[0], x[1], x[2], x[3]);
    vector high = sum_parts(x[4], x[5], x[6], x[7]);
    *sums = (columns)(_mm256_permute2f128_ps(low, high, 0x20) +
                      _mm256_permute2f128_ps(low, high, 0x31));
}

#else

VECTOR_INLINE void sum_lanes(const vector x[COLUMNS], columns *sums)
{
    for (size_t i = 0; i < COLUMNS; i++)
        (*sums)[i] = vector_sum(x[i]);
}

#endif

VECTOR_INLINE void gather_tile(const size_t rows, const size_t count, size_t n, const float *p,
                               size_t p_row, const float *x, const float *factor, float *out)
{
    vector acc[4][COLUMNS];
    UNROLLED for (size_t c = 0; c < count; c++) UNROLLED for (size_t i = 0; i < COLUMNS; i++)
        acc[c][i] = (vector){0};
    for (size_t at = 0; at < n; at += LANES) {
        vector right[4];
        UNROLLED for (size_t c = 0; c < count; c++) right[c] =
            vector_load(x + c * DECODER_CHUNK + at);
        UNROLLED for (size_t i = 0; i < rows; i++)
        {
            vector left = vector_load(p + i * p_row + at);
            UNROLLED for (size_t c = 0; c < count; c++) acc[c][i] += left * right[c];
        }
    }
    columns scale = *(const columns *)factor;
    UNROLLED for (size_t c = 0; c < count; c++)
    {
        columns *to = (columns *)(out + c * COLUMNS);
        columns sums;
        sum_lanes(acc[c], &sums);
        *to = *to * scale + sums;
    }
}

VECTOR_INLINE void gather_rows(const size_t rows, const size_t wide, size_t count, size_t n,
                               const float *p, size_t p_row, const float *x, const float *factor,
                               float *out)
{
    for (; count >= wide; count -= wide, x += wide * DECODER_CHUNK, out += wide * COLUMNS)
        gather_tile(rows, wide, n, p, p_row, x, factor, out);
    for (; count > 0; count--, x += DECODER_CHUNK, out += COLUMNS)
        gather_tile(rows, 1, n, p, p_row, x, factor, out);
}

static void gather(size_t rows, size_t count, size_t n, const float *p, size_t p_row,
                   const float *x, const float *factor, float *out)
{
    if (rows == 1)
        gather_rows(1, 4, count, n, p, p_row, x, factor, out);
    else if (rows == 2)
        gather_rows(2, 4, count, n, p, p_row, x, factor, out);
    else if (rows == 3)
        gather_rows(3, 4, count, n, p, p_row, x, factor, out);
    else if (rows == 4)
        gather_rows(4, 4, count, n, p, p_row, x, factor, out);
    else if (rows == 7)
        gather_rows(7, 3, count, n, p, p_row, x, factor, out);
    else
        gather_rows(8, 3, count, n, p, p_row, x, factor, out);
}

VECTOR_INLINE void narrow_tile(const size_t rows, size_t k, const float *a, size_t a_row,
                               size_t a_column, const float *b, int add, float *c)
{
    columns acc[TILE_ROWS];
    UNROLLED for (size_t i = 0; i < rows; i++) acc[i] =
        add ? ((const columns *)c)[i] : (columns){0};
    for (size_t j = 0; j < k; j++) {
        columns right = ((const columns *)b)[j];
        UNROLLED for (size_t i = 0; i < rows; i++) acc[i] += a[i * a_row + j * a_column] * right;
    }
    UNROLLED for (size_t i = 0; i < rows; i++)((columns *)c)[i] = acc[i];
}

static void narrow(size_t rows, size_t k, const float *a, size_t a_row, size_t a_column,
                   const float *b, int add, float *c)
{
    for (; rows >= TILE_ROWS; rows -= TILE_ROWS, a += TILE_ROWS * a_row, c += TILE_ROWS * COLUMNS)
        narrow_tile(TILE_ROWS, k, a, a_row, a_column, b, add, c);
    for (; rows > 0; rows--, a += a_row, c += COLUMNS)
        narrow_tile(1, k, a, a_row, a_column, b, add, c);
}

const struct decoder_kernels ISA_NAME(decoder_kernels) = {
    scores,      token_softmax, length,  length_start, inverse_deviation,
    last_scores, softmax,       rescale, gather,       narrow,
};
