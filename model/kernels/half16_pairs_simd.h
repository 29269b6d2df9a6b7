/* half16_pairs_simd.h - packs floats as pairs of 16-bit numbers of either kind. `to_16` converts
 * LANES floats; it is a compile-time constant in every call. Needs AVX512-BF16. */
#ifndef MODEL_KERNELS_HALF16_PAIRS_SIMD_H
#define MODEL_KERNELS_HALF16_PAIRS_SIMD_H

#include <string.h>

#include "model/kernels/vector_simd.h"

typedef __m256i to_16_function(vector x);

VECTOR_INLINE __m256i to_bf16(vector x)
{
    return (__m256i)_mm512_cvtneps_pbh(x);
}

/* Rounded to bfloat16, as floats. */
VECTOR_INLINE vector bf16_rounded(vector x)
{
    return (vector)_mm512_slli_epi32(_mm512_cvtepu16_epi32(to_bf16(x)), 16);
}

/* half16_kernel.along for pairs. */
VECTOR_INLINE void pairs_along(size_t rows, size_t n, const float *x, size_t row, float *to,
                               size_t to_row, to_16_function *const to_16)
{
    for (size_t r = 0; r < rows; r++, x += row, to += to_row)
        for (size_t i = 0; i < n; i += LANES) {
            __m256i part = to_16(vector_load_part(x + i, n - i));
            if (n - i >= LANES)
                _mm256_storeu_si256((__m256i *)(to + i / 2), part);
            else
                memcpy(to + i / 2, &part, (n - i + 1) / 2 * sizeof(float));
        }
}

/* half16_kernel.across for pairs. */
VECTOR_INLINE void pairs_across(size_t rows, size_t n, const float *x, size_t row, float *to,
                                size_t to_row, to_16_function *const to_16)
{
    for (size_t r = 0; r < rows; r += 2, x += 2 * row, to += to_row)
        for (size_t i = 0; i < n; i += LANES) {
            vector first = vector_load_part(x + i, n - i), second = {0};
            if (r + 1 < rows)
                second = vector_load_part(x + row + i, n - i);
            __m512i low = _mm512_cvtepu16_epi32(to_16(first));
            __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(to_16(second)), 16);
            vector_store_part(to + i, (vector)_mm512_or_si512(low, high), n - i);
        }
}

#endif
