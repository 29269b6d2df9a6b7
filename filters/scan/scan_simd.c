/* scan_simd.c - the kernels of scan_kernel.h for one instruction set. */
#include <string.h>

#include "base/isa.h"
#include "filters/scan/scan_axis.h"
#include "filters/scan/scan_kernel.h"

/* A vector of LANES floats, its multiply-add as PyTorch computes it on this CPU, and a comparison
 * with a threshold that gives one bit a lane. */
#define INLINE static inline __attribute__((always_inline))
#if defined(__AVX512F__)
#include <immintrin.h>
enum { LANES = 16 };
typedef __m512 vector;
INLINE vector multiply_add(vector a, vector b, vector c)
{
    return _mm512_fmadd_ps(a, b, c);
}
INLINE uint32_t bits_above(vector x, float limit)
{
    return _mm512_cmp_ps_mask(x, _mm512_set1_ps(limit), _CMP_GT_OQ);
}
#elif defined(__AVX2__)
#include <immintrin.h>
enum { LANES = 8 };
typedef __m256 vector;
INLINE vector multiply_add(vector a, vector b, vector c)
{
    return _mm256_fmadd_ps(a, b, c);
}
INLINE uint32_t bits_above(vector x, float limit)
{
    return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_set1_ps(limit), _CMP_GT_OQ));
}
#elif defined(NEON)
#include <arm_neon.h>
enum { LANES = 4 };
typedef float32x4_t vector;
INLINE vector multiply_add(vector a, vector b, vector c)
{
    return vfmaq_f32(c, a, b);
}
INLINE uint32_t bits_above(vector x, float limit)
{
    const uint32x4_t bits = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(vcgtq_f32(x, vdupq_n_f32(limit)), bits));
}
#else
enum { LANES = 4 };
typedef float vector __attribute__((vector_size(16)));
INLINE vector multiply_add(vector a, vector b, vector c)
{
#if defined(__FP_FAST_FMAF)
    for (int i = 0; i < LANES; i++)
        c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return c;
#else
    return a * b + c;
#endif
}
INLINE uint32_t bits_above(vector x, float limit)
{
    uint32_t bits = 0;
    for (int i = 0; i < LANES; i++)
        bits |= (uint32_t)(x[i] > limit) << i;
    return bits;
}
#endif

INLINE vector load(const float *from)
{
    vector x;
    memcpy(&x, from, sizeof x);
    return x;
}

INLINE void store(float *to, vector x)
{
    memcpy(to, &x, sizeof x);
}

#if defined(__AVX512F__)
/* Unless the image shrinks to less than half, the inputs of a group fit two registers, and a
 * permutation is several times as fast as a gather. */
static void spread(const float *column, const struct scan_axis *rows, int begin, int end,
                   struct scan_spread to)
{
    for (int y = begin; y < end; y += LANES) {
        int base = rows->first[y];
        __m512i first = _mm512_loadu_si512(rows->first + y);
        __m512i second = _mm512_loadu_si512(rows->second + y);
        if (rows->second[y + LANES - 1] - base < 2 * LANES) {
            vector near = load(column + base), far = load(column + base + LANES);
            __m512i offset = _mm512_set1_epi32(base);
            first = _mm512_sub_epi32(first, offset);
            second = _mm512_sub_epi32(second, offset);
            store(to.upper + y, _mm512_permutex2var_ps(near, first, far));
            store(to.lower + y, _mm512_permutex2var_ps(near, second, far));
        } else {
            store(to.upper + y, _mm512_i32gather_ps(first, column, sizeof *column));
            store(to.lower + y, _mm512_i32gather_ps(second, column, sizeof *column));
        }
    }
}
#else
static void spread(const float *column, const struct scan_axis *rows, int begin, int end,
                   struct scan_spread to)
{
    for (int y = begin; y < end; y++) {
        to.upper[y] = column[rows->first[y]];
        to.lower[y] = column[rows->second[y]];
    }
}
#endif

/* Blends LANES rows from y on. As in ATen, the weights are multiplied first, and the samples are
 * added in this order. */
INLINE vector blend_at(const struct scan_blend *from, int y)
{
    vector upper = load(from->rows->weight0 + y), lower = load(from->rows->weight1 + y);
    vector left = from->left_weight - (vector){0}, right = from->right_weight - (vector){0};
    vector sum = (upper * right) * load(from->right.upper + y);
    sum = multiply_add(upper * left, load(from->left.upper + y), sum);
    sum = multiply_add(lower * left, load(from->left.lower + y), sum);
    return multiply_add(lower * right, load(from->right.lower + y), sum);
}

static void blend(const struct scan_blend *from, int begin, int end, float *out)
{
    for (int y = begin; y < end; y += LANES)
        store(out + y, blend_at(from, y));
}

static void compare(const struct scan_blend *from, int begin, int end, float offset, uint64_t *bits,
                    struct scan_count *count)
{
    for (int y = begin; y < end; y += 64) {
        uint64_t mask = 0, above = 0, below = 0;
        for (int i = 0; i < 64 && y + i < end; i += LANES) {
            vector x = blend_at(from, y + i);
            mask |= (uint64_t)bits_above(x, 0) << i;
            above |= (uint64_t)bits_above(x, offset) << i;
            below |= (uint64_t)bits_above(x, -offset) << i;
        }
        uint64_t valid = end - y < 64 ? ((uint64_t)1 << (end - y)) - 1 : UINT64_MAX;
        *bits++ = mask & valid;
        count->above += (uint64_t)__builtin_popcountll(above & valid);
        count->below += (uint64_t)__builtin_popcountll(below & valid);
    }
}

static void classify(const float *column, int count, float limit, uint64_t *high, uint64_t *low)
{
    for (int y = 0; y < count; y += 64) {
        uint64_t above = 0, below = 0;
        for (int i = 0; i < 64 && y + i < count; i += LANES) {
            vector x = load(column + y + i);
            vector negative = -x;
            above |= (uint64_t)(bits_above(x, limit) & ~bits_above(x, SCAN_LARGEST)) << i;
            below |= (uint64_t)(bits_above(negative, limit) & ~bits_above(negative, SCAN_LARGEST))
                     << i;
        }
        uint64_t valid = count - y < 64 ? ((uint64_t)1 << (count - y)) - 1 : UINT64_MAX;
        *high++ = above & valid;
        *low++ = below & valid;
    }
}

#if defined(__FP_FAST_FMAF)
enum { FUSED = 1 };
#else
enum { FUSED = 0 };
#endif

extern const struct scan_kernel ISA_NAME(scan_kernel);
const struct scan_kernel ISA_NAME(scan_kernel) = {FUSED, spread, blend, compare, classify};
