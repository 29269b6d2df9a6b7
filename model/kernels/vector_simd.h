/* vector_simd.h - the vector type of the instruction set that a *_simd.c file is compiled for. */
#ifndef MODEL_KERNELS_VECTOR_SIMD_H
#define MODEL_KERNELS_VECTOR_SIMD_H

#include <stddef.h>
#include <stdint.h>
#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(NEON)
#include <arm_neon.h>
#endif

#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX2__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif

#if defined(NEON)
enum { PANEL_VECTORS = 4 };
#else
enum { PANEL_VECTORS = 2 };
#endif

enum {
    LANES = VECTOR_BYTES / 4,
    PANEL_WIDTH = PANEL_VECTORS * LANES /* columns of a product computed at a time */
};

typedef float vector __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t vector_int __attribute__((vector_size(VECTOR_BYTES)));
typedef float vector_unaligned __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));

#define VECTOR_INLINE static inline __attribute__((always_inline))

VECTOR_INLINE vector vector_load(const float *from)
{
    return *(const vector_unaligned *)from;
}

VECTOR_INLINE void vector_store(float *to, vector x)
{
    *(vector_unaligned *)to = x;
}

VECTOR_INLINE vector vector_set(float x)
{
    return x - (vector){0};
}

/* a in the lanes where `first` is all ones, b where it is zero. */
VECTOR_INLINE vector vector_select(vector_int first, vector a, vector b)
{
    return (vector)((first & (vector_int)a) | (~first & (vector_int)b));
}

/* The maximum and the minimum of each lane; b if either is NaN. */
VECTOR_INLINE vector vector_max(vector a, vector b)
{
#if defined(__AVX512F__)
    return _mm512_max_ps(a, b);
#elif defined(__AVX2__)
    return _mm256_max_ps(a, b);
#else
    return vector_select(a > b, a, b);
#endif
}

VECTOR_INLINE vector vector_min(vector a, vector b)
{
#if defined(__AVX512F__)
    return _mm512_min_ps(a, b);
#elif defined(__AVX2__)
    return _mm256_min_ps(a, b);
#else
    return vector_select(a < b, a, b);
#endif
}

/* The sum of all lanes, from the first to the last. */
VECTOR_INLINE float vector_sum(vector x)
{
    float sum = 0;
    for (size_t i = 0; i < LANES; i++)
        sum += x[i];
    return sum;
}

/* The first `count` lanes, then zeros. As fast as vector_load if `count` is LANES at compile time.
 */
VECTOR_INLINE vector vector_load_part(const float *from, size_t count)
{
    if (count >= LANES)
        return vector_load(from);
#if defined(__AVX512F__)
    return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
#else
    vector x = {0};
    for (size_t i = 0; i < count; i++)
        x[i] = from[i];
    return x;
#endif
}

VECTOR_INLINE void vector_store_part(float *to, vector x, size_t count)
{
    if (count >= LANES)
        vector_store(to, x);
    else
#if defined(__AVX512F__)
        _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), x);
#else
        for (size_t i = 0; i < count; i++)
            to[i] = x[i];
#endif
}

#endif
