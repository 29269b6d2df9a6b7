/* float_sums_simd.h - for matmul_blocks_simd.h: sums are floats from the first step to the last. */
#ifndef MODEL_KERNELS_FLOAT_SUMS_SIMD_H
#define MODEL_KERNELS_FLOAT_SUMS_SIMD_H

#include "model/kernels/vector_simd.h"

typedef vector sums;

static const size_t CHAIN = SIZE_MAX;

VECTOR_INLINE vector as_floats(sums sum)
{
    return sum;
}

VECTOR_INLINE sums from_floats(vector x)
{
    return x;
}

#endif
