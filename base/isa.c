#include "base/isa.h"

#include "base/environment.h"

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

#if defined(__aarch64__)
static const char *const names[] = {"generic", "neon", "openblas"};
#elif defined(__x86_64__)
static const char *const names[] = {"generic", "avx2", "avx512", "openblas"};
#else
static const char *const names[] = {"generic", "openblas"};
#endif

static const char variable[] = "MASKMILL_ISA";

const char *isa_name(enum isa isa)
{
    return names[isa];
}

enum isa isa_best(void)
{
    int best = (int)isa_of_cpu();
    int wanted = environment_word(variable, names, ISA_OPENBLAS);
    return (enum isa)(wanted >= 0 && wanted < best ? wanted : best);
}

int isa_check_environment(struct error *error)
{
    return environment_check(variable, names, ISA_OPENBLAS, error);
}
