/* Products and conversions in bfloat16. Of the three times that this file is compiled, only the one
 * for AVX-512 has anything in it. */
#include "model/narrow.h"

#if defined(__AVX512BF16__)

#include "model/float_sums_simd.h"

/* `left` and each lane of `right` are pairs. */
VECTOR_INLINE sums multiply_add(sums sum, float left, vector right)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_ps(left), (__m512bh)right);
}

#include "model/matmul_blocks_simd.h"

static void pairs_along(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    for (size_t r = 0; r < rows; r++, x += row, to += to_row)
        for (size_t i = 0; i < n; i += LANES) {
            __m256bh half = _mm512_cvtneps_pbh(vector_load_part(x + i, n - i));
            if (n - i >= LANES)
                _mm256_storeu_si256((__m256i *)(to + i / 2), (__m256i)half);
            else
                memcpy(to + i / 2, &half, (n - i + 1) / 2 * sizeof(float));
        }
}

/* The bits of bf16(x) in the low half of each lane. */
VECTOR_INLINE __m512i low_half(vector x)
{
    return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x));
}

VECTOR_INLINE vector pair(vector low, vector high)
{
    return (vector)_mm512_or_si512(low_half(low), _mm512_slli_epi32(low_half(high), 16));
}

static void pairs_across(size_t rows, size_t n, const float *x, size_t row, float *to,
                         size_t to_row)
{
    for (size_t r = 0; r < rows; r += 2, x += 2 * row, to += to_row)
        for (size_t i = 0; i < n; i += LANES) {
            vector low = vector_load_part(x + i, n - i), high = {0};
            if (r + 1 < rows)
                high = vector_load_part(x + row + i, n - i);
            vector_store_part(to + i, pair(low, high), n - i);
        }
}

/* Rounded values stay floats, so that rows are elements as they are. */
static void singles(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    for (size_t r = 0; r < rows; r++, x += row, to += to_row)
        for (size_t i = 0; i < n; i += LANES) {
            __m512i half = low_half(vector_load_part(x + i, n - i));
            vector_store_part(to + i, (vector)_mm512_slli_epi32(half, 16), n - i);
        }
}

static const struct matmul_kernel pairs_product = {PANEL_WIDTH, panel, weighted};
const struct narrow_kernel ISA_NAME(narrow_bf16_pairs) = {&pairs_product, 2, pairs_along,
                                                          pairs_across};

extern const struct matmul_kernel ISA_NAME(matmul_kernel);
const struct narrow_kernel ISA_NAME(narrow_bf16_singles) = {&ISA_NAME(matmul_kernel), 1, singles,
                                                            singles};

#endif
