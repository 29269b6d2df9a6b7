/* Products and conversions in half precision. Of the three times that this file is compiled, only
 * the one for AVX-512 has anything in it, and that only with a compiler that knows AVX512-FP16. */
#include "model/narrow.h"

#if defined(__AVX512FP16__)

#include <string.h>

#include "model/vector_simd.h"

/* Each lane holds two sums, of the first and of the second of each pair. */
static const size_t CHAIN = 96;

typedef __m512h sums;

VECTOR_INLINE sums multiply_add(sums sum, float left, vector right)
{
    return _mm512_fmadd_ph((__m512h)_mm512_set1_ps(left), (__m512h)right, sum);
}

VECTOR_INLINE vector as_floats(sums sum)
{
    __m512i swapped = _mm512_rol_epi32((__m512i)sum, 16);
    __m512h total = _mm512_add_ph(sum, (__m512h)swapped);
    return _mm512_cvtxph_ps((__m256h)_mm512_cvtepi32_epi16((__m512i)total));
}

VECTOR_INLINE sums from_floats(vector x)
{
    return (sums)x;
}

#include "model/matmul_blocks_simd.h"

VECTOR_INLINE __m256i half(vector x)
{
    return (__m256i)_mm512_cvtxps_ph(x);
}

/* To bfloat16 first. */
VECTOR_INLINE vector bf16_rounded(vector x)
{
    __m512i bits = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x));
    return (vector)_mm512_slli_epi32(bits, 16);
}

VECTOR_INLINE void along(size_t rows, size_t n, const float *x, size_t row, float *to,
                         size_t to_row, const bool bf16)
{
    for (size_t r = 0; r < rows; r++, x += row, to += to_row)
        for (size_t i = 0; i < n; i += LANES) {
            vector part = vector_load_part(x + i, n - i);
            __m256i halves = half(bf16 ? bf16_rounded(part) : part);
            if (n - i >= LANES)
                _mm256_storeu_si256((__m256i *)(to + i / 2), halves);
            else
                memcpy(to + i / 2, &halves, (n - i + 1) / 2 * sizeof(float));
        }
}

VECTOR_INLINE vector pair(vector low, vector high)
{
    return (vector)_mm512_or_si512(_mm512_cvtepu16_epi32(half(low)),
                                   _mm512_slli_epi32(_mm512_cvtepu16_epi32(half(high)), 16));
}

VECTOR_INLINE void across(size_t rows, size_t n, const float *x, size_t row, float *to,
                          size_t to_row, const bool bf16)
{
    for (size_t r = 0; r < rows; r += 2, x += 2 * row, to += to_row)
        for (size_t i = 0; i < n; i += LANES) {
            vector low = vector_load_part(x + i, n - i), high = {0};
            if (r + 1 < rows)
                high = vector_load_part(x + row + i, n - i);
            if (bf16)
                low = bf16_rounded(low), high = bf16_rounded(high);
            vector_store_part(to + i, pair(low, high), n - i);
        }
}

static void f16_along(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    along(rows, n, x, row, to, to_row, false);
}

static void f16_across(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    across(rows, n, x, row, to, to_row, false);
}

static void bf16_along(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    along(rows, n, x, row, to, to_row, true);
}

static void bf16_across(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    across(rows, n, x, row, to, to_row, true);
}

static const struct matmul_kernel product = {PANEL_WIDTH, panel, weighted};
const struct narrow_kernel ISA_NAME(narrow_f16) = {&product, 2, f16_along, f16_across};
const struct narrow_kernel ISA_NAME(narrow_bf16_halves) = {&product, 2, bf16_along, bf16_across};

#endif
