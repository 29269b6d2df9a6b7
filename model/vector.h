/* vector.h - the vector type of the instruction set that a *_simd.c file is compiled for. */
#ifndef MODEL_VECTOR_H
#define MODEL_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64 };
#elif defined(__AVX2__)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif

enum { LANES = VECTOR_BYTES / 4 };

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

#endif
