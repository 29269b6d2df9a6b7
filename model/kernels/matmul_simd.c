#include "model/kernels/matmul_kernel.h"

#include "model/kernels/float_sums_simd.h"

VECTOR_INLINE sums multiply_add(sums sum, float left, vector right)
{
    return sum + left * right;
}

/* With the lane's number, the compiler finds the instruction that takes a lane. */
VECTOR_INLINE sums multiply_add_lane(sums sum, vector left, const size_t lane, vector right)
{
    return multiply_add(sum, left[lane], right);
}

#include "model/kernels/matmul_blocks_simd.h"

const struct matmul_kernel ISA_NAME(matmul_kernel) = {PANEL_WIDTH, panel, weighted};
