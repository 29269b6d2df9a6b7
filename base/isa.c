#include "base/isa.h"

#include <stdlib.h>
#include <string.h>

static enum isa isa_of_cpu(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        return ISA_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return ISA_AVX2;
#elif defined(__aarch64__)
    return ISA_NEON; /* part of the architecture */
#endif
    return ISA_GENERIC;
}

const char *isa_name(enum isa isa)
{
#if defined(__aarch64__)
    static const char *const names[] = {"generic", "neon", "openblas"};
#elif defined(__x86_64__)
    static const char *const names[] = {"generic", "avx2", "avx512", "openblas"};
#else
    static const char *const names[] = {"generic", "openblas"};
#endif
    return names[isa];
}

enum isa isa_best(void)
{
    enum isa best = isa_of_cpu();
    const char *wanted = getenv("MASKMILL_ISA");
    for (enum isa isa = ISA_GENERIC; wanted && isa < best; isa++)
        if (strcmp(wanted, isa_name(isa)) == 0)
            return isa;
    return best;
}
