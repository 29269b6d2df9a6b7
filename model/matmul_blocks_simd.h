/* matmul_blocks_simd.h - the innermost products over an element of four bytes, whatever it is: the
 * includer defines multiply_add(vector sum, float left, vector right) first, and exports the two
 * functions at the end of this file.
 *
 * Blocks of rows x vectors registers, each step of k one load a vector of b and one broadcast a row
 * of a. 12 x 2 of 32 registers (AVX-512) reach 0.95 of the peak, and 6 x 2 of 16 (AVX2). */
#ifndef MODEL_MATMUL_BLOCKS_SIMD_H
#define MODEL_MATMUL_BLOCKS_SIMD_H

#include <stdbool.h>
#include <string.h>

#include "model/vector_simd.h"

#if defined(__AVX512F__)
enum { ROWS = 12 };
#else
enum { ROWS = 6 };
#endif

/* Where the operands of a product lie: a(i, p) at a[i * a_row + p * a_column]. */
struct place {
    const float *a;
    size_t a_row, a_column;
    const float *b;
    size_t b_row;
    const float *start;
    float *c;
    size_t c_row;
    const float *ahead; /* what to bring into the L2 cache meanwhile, or NULL */
};

/* `rows` and `vectors` are constants wherever this is called, so that all sums are registers. */
VECTOR_INLINE void block(const size_t rows, const size_t vectors, size_t k, struct place at,
                         bool add)
{
    vector sum[ROWS][PANEL_VECTORS];
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++)
            sum[i][j] = at.start ? vector_load(at.start + j * LANES) : (vector){0};
    for (size_t p = 0; p < k; p++) {
        if (at.ahead && p % 2 == 0)
            __builtin_prefetch(at.ahead + p / 2 * 16, 0, 2);
        vector right[PANEL_VECTORS];
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++)
            right[j] = vector_load(at.b + p * at.b_row + j * LANES);
#pragma GCC unroll 16
        for (size_t i = 0; i < rows; i++) {
            float left = at.a[i * at.a_row + p * at.a_column];
#pragma GCC unroll 4
            for (size_t j = 0; j < vectors; j++)
                sum[i][j] = multiply_add(sum[i][j], left, right[j]);
        }
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++) {
            float *to = at.c + i * at.c_row + j * LANES;
            vector_store(to, add ? vector_load(to) + sum[i][j] : sum[i][j]);
        }
}

VECTOR_INLINE void advance(struct place *at, size_t rows)
{
    at->a += rows * at->a_row;
    at->c += rows * at->c_row;
}

/* m rows: full blocks, then the rest in pieces of 8, 4, 2 and 1. */
VECTOR_INLINE void all_rows(size_t m, const size_t vectors, size_t k, struct place at, bool add)
{
    for (; m >= ROWS; m -= ROWS, advance(&at, ROWS), at.ahead += at.ahead ? k / 2 * 16 : 0)
        block(ROWS, vectors, k, at, add);
    if (ROWS > 8 && m >= 8) {
        block(ROWS > 8 ? 8 : ROWS, vectors, k, at, add);
        m -= 8, advance(&at, 8);
    }
    if (m >= 4) {
        block(4, vectors, k, at, add);
        m -= 4, advance(&at, 4);
    }
    if (m >= 2) {
        block(2, vectors, k, at, add);
        m -= 2, advance(&at, 2);
    }
    if (m)
        block(1, vectors, k, at, add);
}

/* A panel whose last vector is not full: through a tile on the stack. */
static void ragged(size_t m, size_t n, size_t k, struct place at, bool add)
{
    float tile[ROWS * PANEL_WIDTH];
    for (; m > 0; m -= m < ROWS ? m : ROWS, advance(&at, ROWS)) {
        size_t rows = m < ROWS ? m : ROWS;
        struct place inner = at;
        inner.c = tile;
        inner.c_row = PANEL_WIDTH;
        for (size_t r = 0; add && r < rows; r++)
            memcpy(tile + r * PANEL_WIDTH, at.c + r * at.c_row, n * sizeof(float));
        all_rows(rows, PANEL_VECTORS, k, inner, add);
        for (size_t r = 0; r < rows; r++)
            memcpy(at.c + r * at.c_row, tile + r * PANEL_WIDTH, n * sizeof(float));
    }
}

static void panel(size_t m, size_t n, size_t k, const float *a, size_t a_row, const float *b,
                  const float *start, bool add, float *c, size_t c_row)
{
    struct place at = {a, a_row, 1, b, PANEL_WIDTH, start, c, c_row, b + k * PANEL_WIDTH};
    if (n == PANEL_WIDTH)
        all_rows(m, PANEL_VECTORS, k, at, add);
    else if (n == LANES)
        all_rows(m, 1, k, at, add);
    else
        ragged(m, n, k, at, add);
}

/* Columns past the last whole vector: one at a time, in the first lane. */
static void weighted_rest(size_t n, size_t k, struct place at, bool add)
{
    for (size_t i = 0; i < PANEL_WIDTH; i++)
        for (size_t j = 0; j < n; j++) {
            vector sum = {0};
            for (size_t p = 0; p < k; p++)
                sum = multiply_add(sum, at.a[i + p * PANEL_WIDTH],
                                   vector_load_part(at.b + p * at.b_row + j, 1));
            at.c[i * at.c_row + j] = add ? at.c[i * at.c_row + j] + sum[0] : sum[0];
        }
}

static void weighted(size_t n, size_t k, const float *a, const float *b, size_t b_row, bool add,
                     float *c, size_t c_row)
{
    struct place at = {a, 1, PANEL_WIDTH, b, b_row, NULL, c, c_row, NULL};
    for (; n >= PANEL_WIDTH; n -= PANEL_WIDTH, at.b += PANEL_WIDTH, at.c += PANEL_WIDTH)
        all_rows(PANEL_WIDTH, PANEL_VECTORS, k, at, add);
    for (; n >= LANES; n -= LANES, at.b += LANES, at.c += LANES)
        all_rows(PANEL_WIDTH, 1, k, at, add);
    if (n)
        weighted_rest(n, k, at, add);
}

#endif
