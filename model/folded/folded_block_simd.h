/* folded_block_simd.h - blocks of rows x positions in registers, for the folded decoder's kernels.
 *
 * A block is acc[row][vector]. Callers pass constants for `rows` and all loop bounds over it, so
 * that acc stays in registers. */
#ifndef MODEL_FOLDED_FOLDED_BLOCK_SIMD_H
#define MODEL_FOLDED_FOLDED_BLOCK_SIMD_H

#include "model/folded/folded_kernel.h"
#include "model/kernels/vector_simd.h"

/* Stands before a loop with constant bounds. */
#define UNROLLED _Pragma("GCC unroll 32")

/* Vectors in a row of a block; 8 rows have to fit in the registers. */
#if defined(__AVX512F__) || defined(NEON)
enum { WIDE = 2 };
#else
enum { WIDE = 1 };
#endif

enum { STEP = WIDE * LANES, BLOCK_ROWS = 8, ROW = FOLDED_STRIP, COLUMNS = FOLDED_COLUMNS };
_Static_assert(FOLDED_STRIP % STEP == 0, "a strip is cut into whole blocks");

/* Row `row` of strip `strip`, from position `at` of the strip. */
VECTOR_INLINE const float *rows_at(const struct folded_rows *rows, size_t strip, size_t row,
                                   size_t at)
{
    return rows->at + strip * rows->strip + row * ROW + at;
}

VECTOR_INLINE void block_load_row(const float *from, vector x[WIDE])
{
    UNROLLED
    for (size_t j = 0; j < WIDE; j++)
        x[j] = vector_load(from + j * LANES);
}

VECTOR_INLINE void block_store_row(float *to, const vector x[WIDE])
{
    UNROLLED
    for (size_t j = 0; j < WIDE; j++)
        vector_store(to + j * LANES, x[j]);
}

/* Rows of the block from and to memory, `step` floats apart. */
VECTOR_INLINE void block_load(const size_t rows, const float *from, size_t step,
                              vector acc[BLOCK_ROWS][WIDE])
{
    UNROLLED
    for (size_t i = 0; i < rows; i++)
        block_load_row(from + i * step, acc[i]);
}

VECTOR_INLINE void block_store(const size_t rows, float *to, size_t step,
                               vector acc[BLOCK_ROWS][WIDE])
{
    UNROLLED
    for (size_t i = 0; i < rows; i++)
        block_store_row(to + i * step, acc[i]);
}

/* acc[i] = bias[i], zeros where it is NULL. */
VECTOR_INLINE void block_set(const size_t rows, const float *bias, vector acc[BLOCK_ROWS][WIDE])
{
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            acc[i][j] = bias ? vector_set(bias[i]) : (vector){0};
    }
}

/* acc[i] = acc[i] * scale + bias[i] */
VECTOR_INLINE void block_scale(const size_t rows, const vector scale[WIDE], const float *bias,
                               vector acc[BLOCK_ROWS][WIDE])
{
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            acc[i][j] = bias ? acc[i][j] * scale[j] + bias[i] : acc[i][j] * scale[j];
    }
}

/* acc += x */
VECTOR_INLINE void block_sum(const size_t rows, vector x[BLOCK_ROWS][WIDE],
                             vector acc[BLOCK_ROWS][WIDE])
{
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            acc[i][j] += x[i][j];
    }
}

#if defined(NEON)

/* Multiply-adds take lanes, so LANES rows need one load. */
VECTOR_INLINE void block_add_one(const size_t rows, const float *w, const vector x[WIDE],
                                 vector acc[BLOCK_ROWS][WIDE])
{
    vector left[BLOCK_ROWS / LANES];
    UNROLLED
    for (size_t i = 0; i < rows; i += LANES)
        left[i / LANES] = vector_load_part(w + i, rows - i);
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            acc[i][j] += left[i / LANES][i % LANES] * x[j];
    }
}

#else

VECTOR_INLINE void block_add_one(const size_t rows, const float *w, const vector x[WIDE],
                                 vector acc[BLOCK_ROWS][WIDE])
{
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            acc[i][j] += w[i] * x[j];
    }
}

#endif

/* acc[i] += sum over k of w[k * w_row + i] * x[k * ROW] */
VECTOR_INLINE void block_add(const size_t rows, size_t k, const float *w, size_t w_row,
                             const float *x, vector acc[BLOCK_ROWS][WIDE])
{
    for (; k > 0; k--, w += w_row, x += ROW) {
        vector right[WIDE];
        block_load_row(x, right);
        block_add_one(rows, w, right, acc);
    }
}

/* 1 / x within 3e-7 relative. */
VECTOR_INLINE vector vector_inverse(vector x)
{
#if defined(__AVX512F__)
    vector y = _mm512_rcp14_ps(x);
    return y * (2.0f - x * y);
#elif defined(__AVX2__)
    vector y = _mm256_rcp_ps(x);
    return y * (2.0f - x * y);
#else
    return 1.0f / x;
#endif
}

#endif
