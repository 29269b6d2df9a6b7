/* folded_reduce_simd.h - sums and maxima of the lanes of eight vectors at a time. */
#ifndef MODEL_FOLDED_FOLDED_REDUCE_SIMD_H
#define MODEL_FOLDED_FOLDED_REDUCE_SIMD_H

#include "model/folded/folded_kernel.h"
#include "model/kernels/vector_simd.h"

/* A row of a small matrix. */
typedef float columns __attribute__((vector_size(4 * FOLDED_COLUMNS), aligned(4), may_alias));

enum reduction { SUM, MAX };

VECTOR_INLINE vector reduce(const enum reduction how, vector a, vector b)
{
    return how == MAX ? vector_max(a, b) : a + b;
}

#if defined(__AVX512F__)

/* Each 128-bit part of the result: that part of a, b, c and d, reduced. */
VECTOR_INLINE vector reduce_parts(const enum reduction how, vector a, vector b, vector c, vector d)
{
    vector ab = reduce(how, _mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    vector cd = reduce(how, _mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    return reduce(how, _mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xEE));
}

/* out[8]: the lanes of each of eight vectors, reduced. */
VECTOR_INLINE void reduce_lanes(const enum reduction how, const vector x[FOLDED_COLUMNS],
                                columns *out)
{
    vector low = reduce_parts(how, x[0], x[1], x[2], x[3]);
    vector high = reduce_parts(how, x[4], x[5], x[6], x[7]);
    vector halves =
        reduce(how, _mm512_shuffle_f32x4(low, high, 0x44), _mm512_shuffle_f32x4(low, high, 0xEE));
    vector whole = reduce(how, _mm512_shuffle_f32x4(halves, halves, 0x88),
                          _mm512_shuffle_f32x4(halves, halves, 0xDD));
    *out = (columns)_mm512_castps512_ps256(whole);
}

#elif defined(__AVX2__)

VECTOR_INLINE vector reduce_parts(const enum reduction how, vector a, vector b, vector c, vector d)
{
    vector ab = reduce(how, _mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
    vector cd = reduce(how, _mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
    return reduce(how, _mm256_shuffle_ps(ab, cd, 0x44), _mm256_shuffle_ps(ab, cd, 0xEE));
}

VECTOR_INLINE void reduce_lanes(const enum reduction how, const vector x[FOLDED_COLUMNS],
                                columns *out)
{
    vector low = reduce_parts(how, x[0], x[1], x[2], x[3]);
    vector high = reduce_parts(how, x[4], x[5], x[6], x[7]);
    *out = (columns)reduce(how, _mm256_permute2f128_ps(low, high, 0x20),
                           _mm256_permute2f128_ps(low, high, 0x31));
}

#elif defined(NEON)

/* Neighbours of a, then of b, reduced. */
VECTOR_INLINE vector reduce_pairs(const enum reduction how, vector a, vector b)
{
    return how == MAX ? vpmaxq_f32(a, b) : vpaddq_f32(a, b);
}

VECTOR_INLINE void reduce_lanes(const enum reduction how, const vector x[FOLDED_COLUMNS],
                                columns *out)
{
    for (size_t i = 0; i < FOLDED_COLUMNS; i += LANES)
        vector_store((float *)out + i, reduce_pairs(how, reduce_pairs(how, x[i], x[i + 1]),
                                                    reduce_pairs(how, x[i + 2], x[i + 3])));
}

#else

VECTOR_INLINE void reduce_lanes(const enum reduction how, const vector x[FOLDED_COLUMNS],
                                columns *out)
{
    for (size_t i = 0; i < FOLDED_COLUMNS; i++) {
        float value = x[i][0];
        for (size_t lane = 1; lane < LANES; lane++) {
            float other = x[i][lane];
            value = how == SUM ? value + other : other > value ? other : value;
        }
        (*out)[i] = value;
    }
}

#endif

#endif
