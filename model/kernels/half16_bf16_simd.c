/* Products and conversions in bfloat16. Empty unless compiled for AVX-512 or NEON. */
#include "model/kernels/half16.h"

#if defined(__AVX512BF16__) || defined(NEON)

#include "model/kernels/float_sums_simd.h"
#include "model/kernels/half16_pairs_simd.h"

/* `left` and each lane of `right` hold a pair. */
#if defined(NEON)
VECTOR_INLINE sums multiply_add(sums sum, float left, vector right)
{
    return vbfdotq_f32(sum, vreinterpretq_bf16_f32(right),
                       vreinterpretq_bf16_f32(vdupq_n_f32(left)));
}

/* The instruction names its lane, so each has one. */
VECTOR_INLINE sums multiply_add_lane(sums sum, vector left, const size_t lane, vector right)
{
    bfloat16x8_t a = vreinterpretq_bf16_f32(left), b = vreinterpretq_bf16_f32(right);
    switch (lane) {
    case 0:
        return vbfdotq_laneq_f32(sum, b, a, 0);
    case 1:
        return vbfdotq_laneq_f32(sum, b, a, 1);
    case 2:
        return vbfdotq_laneq_f32(sum, b, a, 2);
    default:
        return vbfdotq_laneq_f32(sum, b, a, 3);
    }
}
#else
VECTOR_INLINE sums multiply_add(sums sum, float left, vector right)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_ps(left), (__m512bh)right);
}
#endif

#include "model/kernels/matmul_blocks_simd.h"

static void bf16_along(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    pairs_along(rows, n, x, row, to, to_row, to_bf16);
}

static void bf16_across(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    pairs_across(rows, n, x, row, to, to_row, to_bf16);
}

/* along and across of singles: rounded values stay floats, so rows keep their layout. */
static void singles(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    for (size_t r = 0; r < rows; r++, x += row, to += to_row)
        for (size_t i = 0; i < n; i += LANES)
            vector_store_part(to + i, bf16_rounded(vector_load_part(x + i, n - i)), n - i);
}

static const struct matmul_kernel pairs_product = {PANEL_WIDTH, panel, weighted};
const struct half16_kernel ISA_NAME(half16_bf16_pairs) = {"pairs", &pairs_product, 2, bf16_along,
                                                          bf16_across};

extern const struct matmul_kernel ISA_NAME(matmul_kernel);
const struct half16_kernel ISA_NAME(half16_bf16_singles) = {"singles", &ISA_NAME(matmul_kernel), 1,
                                                            singles, singles};

#endif
