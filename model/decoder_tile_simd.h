/* decoder_tile_simd.h - blocks of registers of rows x positions, shared by the decoder's kernels.
 */
#ifndef MODEL_DECODER_TILE_SIMD_H
#define MODEL_DECODER_TILE_SIMD_H

#include "model/decoder_kernel.h"
#include "model/vector_simd.h"

/* Vectors of positions in a block: 8 rows of them have to fit the registers twice over. */
#if defined(__AVX512F__)
enum { TILE = 2 };
#else
enum { TILE = 1 };
#endif
enum { STEP = TILE * LANES, TILE_ROWS = 8 };

#define UNROLLED _Pragma("GCC unroll 32")

/* acc[i] += sum over k of w[k * w_row + i] * x[k * x_row]; `rows` is a constant wherever this is
 * called, so that acc lives in registers. */
VECTOR_INLINE void tile_add(const size_t rows, size_t k, const float *w, size_t w_row,
                            const float *x, size_t x_row, vector acc[TILE_ROWS][TILE])
{
    for (; k > 0; k--, w += w_row, x += x_row) {
        vector right[TILE];
        UNROLLED for (size_t j = 0; j < TILE; j++) right[j] = vector_load(x + j * LANES);
        UNROLLED for (size_t i = 0; i < rows; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
            acc[i][j] += w[i] * right[j];
    }
}

/* As tile_add with x * r + pe in place of x. */
VECTOR_INLINE void tile_add_scaled(const size_t rows, size_t k, const float *w, size_t w_row,
                                   const float *x, const float *pe, const vector r[TILE],
                                   vector acc[TILE_ROWS][TILE])
{
    for (; k > 0; k--, w += w_row, x += DECODER_CHUNK, pe += DECODER_CHUNK) {
        vector right[TILE];
        UNROLLED for (size_t j = 0; j < TILE; j++) right[j] =
            vector_load(x + j * LANES) * r[j] + vector_load(pe + j * LANES);
        UNROLLED for (size_t i = 0; i < rows; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
            acc[i][j] += w[i] * right[j];
    }
}

VECTOR_INLINE void tile_set(const size_t rows, const float *start, vector acc[TILE_ROWS][TILE])
{
    UNROLLED for (size_t i = 0; i < rows; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
        acc[i][j] = start ? vector_set(start[i]) : (vector){0};
}

VECTOR_INLINE void tile_scale(const size_t rows, const vector r[TILE], vector acc[TILE_ROWS][TILE])
{
    UNROLLED for (size_t i = 0; i < rows; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
        acc[i][j] *= r[j];
}

VECTOR_INLINE void tile_load(const float *from, vector x[TILE])
{
    UNROLLED for (size_t j = 0; j < TILE; j++) x[j] = vector_load(from + j * LANES);
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
