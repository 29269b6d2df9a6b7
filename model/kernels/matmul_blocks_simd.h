/* matmul_blocks_simd.h - the innermost products, for elements of four bytes of any kind. The
 * including file first defines
 *
 *  - sums: the type of a vector of sums;
 *  - sums multiply_add(sums sum, float left, vector right): one step of k; for NEON also
 *    multiply_add_lane(sums sum, vector left, size_t lane, vector right) with left[lane];
 *  - CHAIN: how many steps may be summed in it before the sum is added to a float; SIZE_MAX if sums
 *    are floats;
 *  - vector as_floats(sums sum), and sums from_floats(vector x), where x is zero unless sums are
 *    floats;
 *
 * and then exports `panel` and `weighted`.
 *
 * A block keeps rows x vectors sums in registers. A step of k is one load for each vector of b and
 * one broadcast for each row of a. 12 x 2 of 32 registers (AVX-512) and 6 x 2 of 16 (AVX2) reach
 * 0.95 of the peak. NEON has 6 x 4 of 32: 24 sums, 6 vectors of a that serve four steps, one of b.
 * That are 22 loads for 96 multiply-adds, and enough sums for four units with a latency of four. */
#ifndef MODEL_KERNELS_MATMUL_BLOCKS_SIMD_H
#define MODEL_KERNELS_MATMUL_BLOCKS_SIMD_H

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "model/kernels/matmul.h"
#include "model/kernels/vector_simd.h"

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
    const float *bias;
    float *c;
    size_t c_row;
    size_t lanes; /* columns of a vector: LANES, or fewer in an only vector */
    /* The address of what to prefetch into the L2 cache meanwhile, or 0. No pointer: it may run past the
     * last panel, where a prefetch does no harm. */
    uintptr_t ahead;
};

/* Begins to load a line for step p of k: one line every two steps. */
VECTOR_INLINE void fetch_ahead(const struct place *at, size_t p)
{
    __builtin_prefetch((const void *)(at->ahead + p / 2 * MEMORY_ALIGNMENT), 0, 2);
}

#if defined(NEON)

/* sum += row p of b times lane `lane` of each vector of left. A vector of b is loaded where it is used,
 * since sums and left fill all registers but one. */
VECTOR_INLINE void lane_step(const size_t rows, const size_t vectors, size_t p,
                             const struct place *at, const vector left[ROWS], const size_t lane,
                             sums sum[ROWS][PANEL_VECTORS])
{
#pragma GCC unroll 4
    for (size_t j = 0; j < vectors; j++) {
        vector right = vector_load(at->b + p * at->b_row + j * LANES);
#pragma GCC unroll 16
        for (size_t i = 0; i < rows; i++)
            sum[i][j] = multiply_add_lane(sum[i][j], left[i], lane, right);
    }
}

/* The steps of k that are taken LANES at a time, where columns of a are adjacent. Returns how many. */
VECTOR_INLINE size_t lane_steps(const size_t rows, const size_t vectors, size_t k,
                                const struct place *at, sums sum[ROWS][PANEL_VECTORS])
{
    size_t p = 0;
    for (; at->a_column == 1 && p + LANES <= k; p += LANES) {
        vector left[ROWS];
#pragma GCC unroll 16
        for (size_t i = 0; i < rows; i++)
            left[i] = vector_load(at->a + i * at->a_row + p);
#pragma GCC unroll 4
        for (size_t lane = 0; lane < LANES; lane++) {
            if (at->ahead && lane % 2 == 0)
                fetch_ahead(at, p + lane);
            lane_step(rows, vectors, p + lane, at, left, lane, sum);
        }
    }
    return p;
}

#endif

/* Begins to load a block's part of c, to which its sums will be added. */
VECTOR_INLINE void fetch_result(const size_t rows, const size_t vectors, const struct place *at)
{
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors * LANES; j += CACHE_LINE)
            __builtin_prefetch(at->c + i * at->c_row + j, 1);
}

/* One block. `rows` and `vectors` are constants in every call, so all sums are registers. A vector
 * has at.lanes columns, a constant but in the last vector of `weighted`. k is at most CHAIN. */
VECTOR_INLINE void block(const size_t rows, const size_t vectors, size_t k, struct place at,
                         bool add)
{
    const bool floats = CHAIN == SIZE_MAX;
    sums sum[ROWS][PANEL_VECTORS];
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++)
            sum[i][j] = from_floats(
                floats && at.bias ? vector_load_part(at.bias + j * LANES, at.lanes) : (vector){0});
    if (add)
        fetch_result(rows, vectors, &at);
    size_t p = 0;
#if defined(NEON)
    p = lane_steps(rows, vectors, k, &at, sum);
#endif
    for (; p < k; p++) {
        if (at.ahead && p % 2 == 0)
            fetch_ahead(&at, p);
        vector right[PANEL_VECTORS];
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++)
            right[j] = vector_load_part(at.b + p * at.b_row + j * LANES, at.lanes);
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
            vector total = as_floats(sum[i][j]);
            if (!floats && at.bias)
                total += vector_load_part(at.bias + j * LANES, at.lanes);
            vector_store_part(to, add ? vector_load_part(to, at.lanes) + total : total, at.lanes);
        }
}

/* A block for any k: chains of about equal length. */
VECTOR_INLINE void chains(const size_t rows, const size_t vectors, size_t k, struct place at,
                          bool add)
{
    size_t pieces = k > CHAIN ? (k + CHAIN - 1) / CHAIN : 1, done = 0;
    size_t length = (k + pieces - 1) / pieces;
    do {
        block(rows, vectors, k - done < length ? k - done : length, at, add || done > 0);
        at.a += length * at.a_column;
        at.b += length * at.b_row;
        at.bias = NULL;
        at.ahead += at.ahead ? length / 2 * MEMORY_ALIGNMENT : 0;
        done += length;
    } while (done < k);
}

VECTOR_INLINE void advance(struct place *at, size_t rows)
{
    at->a += rows * at->a_row;
    at->c += rows * at->c_row;
}

/* m rows: full blocks, then blocks of 8, 4, 2 and 1 rows. */
VECTOR_INLINE void all_rows(size_t m, const size_t vectors, size_t k, struct place at, bool add)
{
    for (; m >= ROWS; m -= ROWS, advance(&at, ROWS)) {
        chains(ROWS, vectors, k, at, add);
        at.ahead += at.ahead ? k / 2 * MEMORY_ALIGNMENT : 0;
    }
    if (ROWS > 8 && m >= 8) {
        chains(ROWS > 8 ? 8 : ROWS, vectors, k, at, add);
        m -= 8, advance(&at, 8);
    }
    if (m >= 4) {
        chains(4, vectors, k, at, add);
        m -= 4, advance(&at, 4);
    }
    if (m >= 2) {
        chains(2, vectors, k, at, add);
        m -= 2, advance(&at, 2);
    }
    if (m)
        chains(1, vectors, k, at, add);
}

/* A panel whose last vector is partial: computed in a strip on the stack, then copied. */
static void ragged(size_t m, size_t n, size_t k, struct place at, bool add)
{
    float strip[ROWS * PANEL_WIDTH];
    for (; m > 0; m -= m < ROWS ? m : ROWS, advance(&at, ROWS)) {
        size_t rows = m < ROWS ? m : ROWS;
        struct place inner = at;
        inner.c = strip;
        inner.c_row = PANEL_WIDTH;
        for (size_t r = 0; add && r < rows; r++)
            memcpy(strip + r * PANEL_WIDTH, at.c + r * at.c_row, n * sizeof(float));
        all_rows(rows, PANEL_VECTORS, k, inner, add);
        for (size_t r = 0; r < rows; r++)
            memcpy(at.c + r * at.c_row, strip + r * PANEL_WIDTH, n * sizeof(float));
    }
}

static void panel(struct matmul_shape shape, struct matmul_view a, const float *b,
                  const float *bias, struct matmul_result c)
{
    struct place at = {.a = a.data,
                       .a_row = a.row,
                       .a_column = 1,
                       .b = b,
                       .b_row = PANEL_WIDTH,
                       .bias = bias,
                       .c = c.data,
                       .c_row = c.row,
                       .ahead = (uintptr_t)(b + shape.k * PANEL_WIDTH),
                       .lanes = LANES};
    if (shape.n == PANEL_WIDTH)
        all_rows(shape.m, PANEL_VECTORS, shape.k, at, c.add);
    else if (shape.n == LANES)
        all_rows(shape.m, 1, shape.k, at, c.add);
    else
        ragged(shape.m, shape.n, shape.k, at, c.add);
}

static void weighted(size_t n, size_t k, const float *a, struct matmul_view b,
                     struct matmul_result c)
{
    struct place at = {.a = a,
                       .a_row = 1,
                       .a_column = PANEL_WIDTH,
                       .b = b.data,
                       .b_row = b.row,
                       .c = c.data,
                       .c_row = c.row,
                       .lanes = LANES};
    for (; n >= PANEL_WIDTH; n -= PANEL_WIDTH, at.b += PANEL_WIDTH, at.c += PANEL_WIDTH)
        all_rows(PANEL_WIDTH, PANEL_VECTORS, k, at, c.add);
    for (; n >= LANES; n -= LANES, at.b += LANES, at.c += LANES)
        all_rows(PANEL_WIDTH, 1, k, at, c.add);
    at.lanes = n;
    if (n)
        all_rows(PANEL_WIDTH, 1, k, at, c.add);
}

#endif
