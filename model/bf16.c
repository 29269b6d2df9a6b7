#include "model/bf16.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
extern const struct bf16_kernel bf16_pairs_avx512, bf16_singles_avx512;
#endif

const struct bf16_kernel *bf16_kernel_of(size_t group)
{
#if defined(__x86_64__)
    if (isa_best() == ISA_AVX512 && __builtin_cpu_supports("avx512bf16"))
        return group == 2 ? &bf16_pairs_avx512 : &bf16_singles_avx512;
#endif
    (void)group;
    return NULL;
}

const struct bf16_kernel *bf16_kernel_best(void)
{
    const char *wanted = getenv("MASKMILL_BF16");
    if (wanted && strcmp(wanted, "pairs") == 0)
        return bf16_kernel_of(2);
    if (wanted && strcmp(wanted, "singles") == 0)
        return bf16_kernel_of(1);
#if defined(__x86_64__)
    if (__builtin_cpu_is("intel"))
        return bf16_kernel_of(1);
#endif
    return bf16_kernel_of(2);
}
