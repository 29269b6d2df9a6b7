#include "model/bf16.h"

#if defined(__x86_64__)
extern const struct bf16_kernel bf16_kernel_avx512;
#endif

const struct bf16_kernel *bf16_kernel(void)
{
#if defined(__x86_64__)
    if (isa_best() == ISA_AVX512 && __builtin_cpu_supports("avx512bf16"))
        return &bf16_kernel_avx512;
#endif
    return NULL;
}
