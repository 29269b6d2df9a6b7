/* half16_pairs_simd.h - packs floats as pairs of 16-bit numbers of either kind. `to_16` converts
 * LANES floats; it is a compile-time constant in every call. Needs AVX512-BF16, or BF16 of ARM. */
#ifndef MODEL_KERNELS_HALF16_PAIRS_SIMD_H
#define MODEL_KERNELS_HALF16_PAIRS_SIMD_H

#include <string.h>

#include "model/kernels/vector_simd.h"

/* LANES numbers of 16 bits. */
typedef uint16_t vector_16 __attribute__((vector_size(VECTOR_BYTES / 2)));

typedef vector_16 to_16_function(vector x);

VECTOR_INLINE vector_16 to_bf16(vector x)
{
#if defined(__AVX512BF16__)
    return (vector_16)_mm512_cvtneps_pbh(x);
#else
    return (vector_16)vcvt_bf16_f32(x);
#endif
}

/* Each number in the low half of a lane. */
VECTOR_INLINE vector_int low_halves(vector_16 x)
{
#if defined(__AVX512BF16__)
    return (vector_int)_mm512_cvtepu16_epi32((__m256i)x);
#else
    return (vector_int)vmovl_u16(x);
#endif
}

/* Rounded to bfloat16, as floats. */
VECTOR_INLINE vector bf16_rounded(vector x)
{
    return (vector)(low_halves(to_bf16(x)) << 16);
}

/* half16_kernel.along for pairs. */
VECTOR_INLINE void pairs_along(size_t rows, size_t n, const float *x, size_t row, float *to,
                               size_t to_row, to_16_function *const to_16)
{
    for (size_t r = 0; r < rows; r++, x += row, to += to_row)
        for (size_t i = 0; i < n; i += LANES) {
            vector_16 part = to_16(vector_load_part(x + i, n - i));
            if (n - i >= LANES)
                memcpy(to + i / 2, &part, sizeof part);
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
            vector_int low = low_halves(to_16(first)), high = low_halves(to_16(second)) << 16;
            vector_store_part(to + i, (vector)(low | high), n - i);
        }
}

#endif
