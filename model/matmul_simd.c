#include "model/matmul_kernel.h"

#include "model/vector_simd.h"

VECTOR_INLINE vector multiply_add(vector sum, float left, vector right)
{
    return sum + left * right;
}

#include "model/matmul_blocks_simd.h"

const struct matmul_kernel ISA_NAME(matmul_kernel) = {PANEL_WIDTH, panel, weighted};
