/* search_simd.c - the kernels of search_kernel.h for one instruction set.
 *
 * A tile is ROWS rows by some queries. Lanes run along the vectors, so rows are used as they lie; the sums of a
 * query's ROWS products are then added across lanes all at once (sum4). */
#include <string.h>

#include "base/half.h"
#include "base/isa.h"
#include "search/search_kernel.h"

#define INLINE static inline __attribute__((always_inline))

enum { ROWS = 4, ROW_BITS = (1 << ROWS) - 1 };

typedef float quad __attribute__((vector_size(16))); /* one number for each row of a tile */

#if defined(__AVX512F__)
#include <immintrin.h>
enum { LANES = 16, QUERIES = 4 };
typedef __m512 vector;
INLINE vector widened(const uint16_t *halves)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)halves));
}
INLINE vector multiply_add(vector a, vector b, vector c)
{
    return _mm512_fmadd_ps(a, b, c);
}
/* The sums of the lanes of four vectors. */
INLINE quad sum4(const vector x[ROWS])
{
    vector ab = _mm512_add_ps(_mm512_unpacklo_ps(x[0], x[1]), _mm512_unpackhi_ps(x[0], x[1]));
    vector cd = _mm512_add_ps(_mm512_unpacklo_ps(x[2], x[3]), _mm512_unpackhi_ps(x[2], x[3]));
    vector sums = _mm512_add_ps(_mm512_shuffle_ps(ab, cd, 0x44), _mm512_shuffle_ps(ab, cd, 0xee));
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(sums), _mm512_extractf32x8_ps(sums, 1));
    return _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
}
INLINE unsigned bits_above(quad x, float limit)
{
    return (unsigned)_mm_movemask_ps(_mm_cmpgt_ps(x, _mm_set1_ps(limit)));
}
#elif defined(__AVX2__)
#include <immintrin.h>
enum { LANES = 8, QUERIES = 2 };
typedef __m256 vector;
INLINE vector widened(const uint16_t *halves)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)halves));
}
INLINE vector multiply_add(vector a, vector b, vector c)
{
    return _mm256_fmadd_ps(a, b, c);
}
INLINE quad sum4(const vector x[ROWS])
{
    vector sums = _mm256_hadd_ps(_mm256_hadd_ps(x[0], x[1]), _mm256_hadd_ps(x[2], x[3]));
    return _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
}
INLINE unsigned bits_above(quad x, float limit)
{
    return (unsigned)_mm_movemask_ps(_mm_cmpgt_ps(x, _mm_set1_ps(limit)));
}
#elif defined(NEON)
#include <arm_neon.h>
enum { LANES = 4, QUERIES = 4 };
typedef float32x4_t vector;
INLINE vector widened(const uint16_t *halves)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves)));
}
INLINE vector multiply_add(vector a, vector b, vector c)
{
    return vfmaq_f32(c, a, b);
}
INLINE quad sum4(const vector x[ROWS])
{
    return vpaddq_f32(vpaddq_f32(x[0], x[1]), vpaddq_f32(x[2], x[3]));
}
INLINE unsigned bits_above(quad x, float limit)
{
    const uint32x4_t bits = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(vcgtq_f32(x, vdupq_n_f32(limit)), bits));
}
#else
enum { LANES = 4, QUERIES = 2 };
typedef float vector __attribute__((vector_size(16)));
INLINE vector widened(const uint16_t *halves)
{
    vector x;
    for (int i = 0; i < LANES; i++)
        x[i] = half_value(halves[i]);
    return x;
}
INLINE vector multiply_add(vector a, vector b, vector c)
{
    return a * b + c;
}
INLINE quad sum4(const vector x[ROWS])
{
    quad sums;
    for (int r = 0; r < ROWS; r++)
        sums[r] = (x[r][0] + x[r][1]) + (x[r][2] + x[r][3]);
    return sums;
}
INLINE unsigned bits_above(quad x, float limit)
{
    unsigned bits = 0;
    for (int r = 0; r < ROWS; r++)
        bits |= (unsigned)(x[r] > limit) << r;
    return bits;
}
#endif

/* Through pointers, since memcpy of a vector may go by the stack in pieces. */
typedef vector vector_of_floats __attribute__((may_alias));

INLINE vector load(const float *from)
{
    return *(const vector_of_floats *)from;
}

INLINE void store(float *to, vector x)
{
    *(vector_of_floats *)to = x;
}

static void widen(const uint16_t *halves, size_t width, float *to, size_t stride)
{
    size_t i = 0;
    for (; i + LANES <= width; i += LANES) {
        store(to + i, widened(halves + i));
    }
    if (i < width) {
        uint16_t rest[LANES] = {0};
        memcpy(rest, halves + i, (width - i) * sizeof *halves);
        store(to + i, widened(rest));
        i += LANES;
    }
    for (; i < stride; i++)
        to[i] = 0;
}

/* One tile. `queries` is a constant of each call. */
INLINE void tile(const struct search_strip *strip, size_t row, size_t query, const int queries,
                 uint16_t *bits)
{
    const float *a = strip->rows + row * strip->stride;
    const float *b = strip->queries + query * strip->stride;
    vector sums[QUERIES][ROWS] = {0};
    for (size_t i = 0; i < strip->stride; i += LANES) {
        vector rows[ROWS];
        for (int r = 0; r < ROWS; r++)
            rows[r] = load(a + (size_t)r * strip->stride + i);
        for (int q = 0; q < queries; q++) {
            const vector x = load(b + (size_t)q * strip->stride + i);
            for (int r = 0; r < ROWS; r++)
                sums[q][r] = multiply_add(x, rows[r], sums[q][r]);
        }
    }
    for (int q = 0; q < queries; q++) {
        unsigned above = bits_above(sum4(sums[q]), strip->limits[query + (size_t)q]) & ROW_BITS;
        bits[query + (size_t)q] = (uint16_t)(bits[query + (size_t)q] | above << row);
    }
}

static void compare(const struct search_strip *strip, uint16_t *bits)
{
    size_t query = 0;
    memset(bits, 0, strip->count * sizeof *bits);
    for (; query + QUERIES <= strip->count; query += QUERIES)
        for (size_t row = 0; row < SEARCH_STRIP; row += ROWS)
            tile(strip, row, query, QUERIES, bits);
    for (; query < strip->count; query++)
        for (size_t row = 0; row < SEARCH_STRIP; row += ROWS)
            tile(strip, row, query, 1, bits);
}

static double product(const float *a, const float *b, size_t stride)
{
    enum { PARTS = 16 }; /* independent sums, for vectors */
    double sums[PARTS] = {0}, sum = 0;
    for (size_t i = 0; i < stride; i += PARTS)
        for (size_t k = 0; k < PARTS; k++)
            sums[k] += (double)a[i + k] * (double)b[i + k];
    for (size_t k = 0; k < PARTS; k++)
        sum += sums[k];
    return sum;
}

extern const struct search_kernel ISA_NAME(search_kernel);
const struct search_kernel ISA_NAME(search_kernel) = {widen, compare, product};
