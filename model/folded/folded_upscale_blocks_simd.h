/* folded_upscale_blocks_simd.h - the upscaling of the folded decoder, for elements of either kind. The including
 * file includes folded_floats_simd.h or folded_bf16_simd.h before. */
#ifndef MODEL_FOLDED_FOLDED_UPSCALE_BLOCKS_SIMD_H
#define MODEL_FOLDED_FOLDED_UPSCALE_BLOCKS_SIMD_H

#include <math.h>

#include "base/memory.h"
#include "model/folded/folded_block_simd.h"

enum { SUMS_MASKS = 4 };

/* Begins to load a block's rows. A prompt reads the table once, and the tables of an image are larger than
 * the caches. */
VECTOR_INLINE void fetch_rows(const struct folded_rows *rows, size_t strip, size_t first, size_t at)
{
    UNROLLED
    for (size_t i = 0; i < BLOCK_ROWS; i++) {
        UNROLLED
        for (size_t j = 0; j < STEP; j += CACHE_LINE)
            __builtin_prefetch(rows_at(rows, strip, first + i, at + j));
    }
}

/* scratch[C/4] rows: pixel s of one block of positions, before the norm. squares: sums over its channels. */
VECTOR_INLINE void first_pixel(const struct folded_upscale *in, size_t s, size_t strip, size_t at,
                               vector squares[WIDE])
{
    const size_t pairs = FOLDED_HEADS * in->kept / GROUP;
    const size_t quarter = in->channels / 4;
    vector r[WIDE];
    vector r2[WIDE];
    block_load_row(rows_at(&in->r, strip, 0, at), r);
    block_load_row(rows_at(&in->r2, strip, 0, at), r2);
    UNROLLED
    for (size_t j = 0; j < WIDE; j++)
        squares[j] = (vector){0};
    for (size_t c = 0; c < quarter; c += BLOCK_ROWS) {
        const size_t row = s * quarter + c;
        vector acc[BLOCK_ROWS][WIDE];
        vector x[BLOCK_ROWS][WIDE];
        if (row + BLOCK_ROWS < in->channels)
            fetch_rows(&in->x, strip, row + BLOCK_ROWS, at);
        block_set(BLOCK_ROWS, in->bias0 + row, acc);
        block_add_elements(BLOCK_ROWS, pairs, in->weight0 + row, in->channels,
                           rows_at(&in->a0, strip, 0, at), acc);
        block_load(BLOCK_ROWS, rows_at(&in->x, strip, row, at), ROW, x);
        block_sum(BLOCK_ROWS, x, acc);
        block_scale(BLOCK_ROWS, r, in->bias1 + row, acc);
        block_add_elements(BLOCK_ROWS, pairs, in->weight1 + row, in->channels,
                           rows_at(&in->a1, strip, 0, at), acc);
        block_scale(BLOCK_ROWS, r2, in->bias + row, acc);
        if (in->high1.at) {
            block_load(BLOCK_ROWS, rows_at(&in->high1, strip, row, at), ROW, x);
            block_sum(BLOCK_ROWS, x, acc);
        }
        block_store(BLOCK_ROWS, in->scratch + c * ROW, ROW, acc);
        UNROLLED
        for (size_t i = 0; i < BLOCK_ROWS; i++) {
            UNROLLED
            for (size_t j = 0; j < WIDE; j++)
                squares[j] += acc[i][j] * acc[i][j];
        }
    }
}

/* LayerNorm2d (eps 1e-6; the mean is 0 already), or the norm that is given, and GELU of u[C/4]
 * rows, which become elements. */
VECTOR_INLINE void normalise(const struct folded_upscale *in, const vector squares[WIDE], float *u)
{
    const size_t quarter = in->channels / 4;
    float scales[STEP];
    vector scale[WIDE];
    block_store_row(scales, squares);
    for (size_t i = 0; i < STEP; i++)
        scales[i] = in->scale > 0 ? in->scale : 1 / sqrtf(scales[i] / (float)quarter + 1e-6f);
    block_load_row(scales, scale);
    for (size_t c = 0; c < quarter; c += GROUP) {
        vector x[GROUP][WIDE];
        UNROLLED
        for (size_t i = 0; i < GROUP; i++) {
            block_load_row(u + (c + i) * ROW, x[i]);
            UNROLLED
            for (size_t j = 0; j < WIDE; j++)
                x[i][j] = gelu((x[i][j] - in->mean) * (scale[j] * in->norm_weight[c + i]) +
                               in->norm_bias[c + i]);
        }
        set_elements(u + c / GROUP * ROW, x);
    }
}

/* sums[mask][e] += the contributions of channels c and c + 1 of the second convolution. high: their
 * rows of high0, or NULL. upscaled: where their own rows go, or NULL. */
VECTOR_INLINE void second_pixels(const struct folded_upscale *in, size_t c, const float *high,
                                 float *upscaled, vector sums[SUMS_MASKS][4][WIDE])
{
    const float *u = in->scratch;
    const size_t eighth = in->channels / 8;
    vector acc[BLOCK_ROWS][WIDE];
    UNROLLED
    for (size_t i = 0; i < BLOCK_ROWS; i++) {
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            acc[i][j] = vector_set(in->conv_bias[c + i / 4]);
    }
    block_add_elements(BLOCK_ROWS, in->channels / 4 / GROUP, in->conv_weight + c * 4, eighth * 4, u,
                       acc);
    if (high) {
        vector x[BLOCK_ROWS][WIDE];
        block_load(BLOCK_ROWS, high, ROW, x);
        block_sum(BLOCK_ROWS, x, acc);
    }
    UNROLLED
    for (size_t i = 0; i < BLOCK_ROWS; i++) {
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            acc[i][j] = gelu(acc[i][j]);
    }
    if (upscaled)
        block_store(BLOCK_ROWS, upscaled, ROW, acc);
    for (size_t mask = 0; mask < in->masks; mask++) {
        const float *hyper = in->hyper + mask * eighth + c;
        UNROLLED
        for (size_t e = 0; e < 4; e++) {
            UNROLLED
            for (size_t j = 0; j < WIDE; j++)
                sums[mask][e][j] += hyper[0] * acc[e][j] + hyper[1] * acc[4 + e][j];
        }
    }
}

/* All pixels of one block of positions. */
VECTOR_INLINE void upscale_block(const struct folded_upscale *in, size_t strip, size_t at)
{
    for (size_t s = 0; s < 4; s++) {
        vector squares[WIDE];
        vector sums[SUMS_MASKS][4][WIDE] = {0};
        first_pixel(in, s, strip, at, squares);
        normalise(in, squares, in->scratch);
        const size_t eighth = in->channels / 8;
        for (size_t c = 0; c < eighth; c += 2) {
            const size_t row = (s * eighth + c) * 4;
            second_pixels(
                in, c, in->high0.at ? rows_at(&in->high0, strip, row, at) : NULL,
                in->upscaled ? in->upscaled + (strip * eighth * 16 + row) * ROW + at : NULL, sums);
        }
        for (size_t mask = 0; mask < in->masks; mask++)
            for (size_t e = 0; e < 4; e++)
                block_store_row(in->out + strip * in->out_strip + ((mask * 4 + s) * 4 + e) * ROW +
                                    at,
                                sums[mask][e]);
    }
}

/* in->sums of one block of positions. */
VECTOR_INLINE void sum_block(const struct folded_upscale *in, size_t strip, size_t at)
{
    float *out = in->sums + strip * 2 * ROW + at;
    vector sum[WIDE] = {0};
    vector all[WIDE] = {0};
    for (size_t s = 0; s < 4; s++) {
        vector squares[WIDE];
        first_pixel(in, s, strip, at, squares);
        UNROLLED
        for (size_t j = 0; j < WIDE; j++) {
            all[j] += squares[j];
            for (size_t c = 0; c < in->channels / 4; c++)
                sum[j] += vector_load(in->scratch + c * ROW + j * LANES);
        }
    }
    block_store_row(out, sum);
    block_store_row(out + ROW, all);
}

VECTOR_INLINE void upscale(const struct folded_upscale *in)
{
    for (size_t strip = 0; strip < in->strips; strip++)
        for (size_t at = 0; at < FOLDED_STRIP; at += STEP)
            if (in->sums)
                sum_block(in, strip, at);
            else
                upscale_block(in, strip, at);
}

#endif
