/* Products and conversions in half precision. Empty unless compiled for AVX-512 by a compiler that
 * supports AVX512-FP16. */
#include "model/kernels/half16.h"

#if defined(__AVX512FP16__)

#include "model/kernels/half16_pairs_simd.h"

/* Each lane holds two sums: of the first and of the second number of each pair. */
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

#include "model/kernels/matmul_blocks_simd.h"

VECTOR_INLINE vector_16 to_half(vector x)
{
    return (vector_16)_mm512_cvtxps_ph(x);
}

VECTOR_INLINE vector_16 to_half_by_bf16(vector x)
{
    return to_half(bf16_rounded(x));
}

static void f16_along(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    pairs_along(rows, n, x, row, to, to_row, to_half);
}

static void f16_across(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    pairs_across(rows, n, x, row, to, to_row, to_half);
}

static void bf16_along(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    pairs_along(rows, n, x, row, to, to_row, to_half_by_bf16);
}

static void bf16_across(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    pairs_across(rows, n, x, row, to, to_row, to_half_by_bf16);
}

static const struct matmul_kernel product = {PANEL_WIDTH, panel, weighted};
const struct half16_kernel ISA_NAME(half16_f16) = {"halves", &product, 2, f16_along, f16_across};
const struct half16_kernel ISA_NAME(half16_bf16_halves) = {"halves", &product, 2, bf16_along,
                                                           bf16_across};

#endif
