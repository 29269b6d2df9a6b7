/* The upscaling with factors in bfloat16, sums in float. Empty unless compiled for AVX512-BF16. */
#include "model/folded/folded_kernel.h"

#if defined(__AVX512BF16__)

#include "model/folded/folded_bf16_simd.h"

#include "model/folded/folded_upscale_blocks_simd.h"

void ISA_NAME(folded_upscale_bf16)(const struct folded_upscale *in)
{
    upscale(in);
}

#endif
