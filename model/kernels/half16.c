#include "model/kernels/half16.h"

#include "base/environment.h"
#include "model/kernels/amx.h"

#if defined(__x86_64__)
#include <cpuid.h>

extern const struct half16_kernel half16_bf16_pairs_avx512, half16_bf16_singles_avx512;
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

extern const struct half16_kernel half16_bf16_pairs_neon, half16_bf16_singles_neon;
#endif
#if defined(HAVE_AVX512FP16)
extern const struct half16_kernel half16_bf16_halves_avx512, half16_f16_avx512;

/* AVX512-FP16 is bit 23 of edx in CPUID leaf 7; Clang 14 has no __builtin_cpu_supports for it. */
static bool cpu_has_halves(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 23 & 1);
}
#endif
#if defined(HAVE_AMX)
extern const struct half16_kernel half16_bf16_tiles_avx512;
#endif

const struct half16_kernel *half16_kernel(enum half16_way way)
{
#if defined(__x86_64__)
    if (isa_best() != ISA_AVX512 || !__builtin_cpu_supports("avx512bf16"))
        return NULL;
    if (way == HALF16_BF16_PAIRS)
        return &half16_bf16_pairs_avx512;
    if (way == HALF16_BF16_SINGLES)
        return &half16_bf16_singles_avx512;
#elif defined(__aarch64__)
    if (isa_best() != ISA_NEON || !(getauxval(AT_HWCAP2) & HWCAP2_BF16))
        return NULL;
    if (way == HALF16_BF16_PAIRS)
        return &half16_bf16_pairs_neon;
    if (way == HALF16_BF16_SINGLES)
        return &half16_bf16_singles_neon;
#endif
#if defined(HAVE_AVX512FP16)
    if (way == HALF16_BF16_HALVES && cpu_has_halves())
        return &half16_bf16_halves_avx512;
    if (way == HALF16_F16 && cpu_has_halves())
        return &half16_f16_avx512;
#endif
#if defined(HAVE_AMX)
    if (way == HALF16_BF16_TILES && amx_bf16_allowed())
        return &half16_bf16_tiles_avx512;
#endif
    (void)way;
    return NULL;
}

static const char variable[] = "MASKMILL_BF16";
enum { WORDS = HALF16_BF16_TILES + 1 };
static const char *const words[] = {
    [HALF16_BF16_PAIRS] = "pairs",
    [HALF16_BF16_SINGLES] = "singles",
    [HALF16_BF16_HALVES] = "halves",
    [HALF16_BF16_TILES] = "tiles",
};

int half16_check_environment(struct error *error)
{
    return environment_check(variable, words, WORDS, error);
}

const struct half16_kernel *half16_bf16_kernel(void)
{
    int wanted = environment_word(variable, words, WORDS);
    if (wanted >= 0)
        return half16_kernel((enum half16_way)wanted);
    if (half16_kernel(HALF16_BF16_HALVES))
        return half16_kernel(HALF16_BF16_HALVES);
#if defined(__x86_64__)
    if (__builtin_cpu_is("intel"))
        return half16_kernel(HALF16_BF16_SINGLES);
#endif
    return half16_kernel(HALF16_BF16_PAIRS);
}

const struct half16_kernel *half16_bf16_pairs(void)
{
#if defined(__x86_64__)
    const struct half16_kernel *pairs = half16_kernel(HALF16_BF16_PAIRS);
    return half16_bf16_kernel() == pairs ? pairs : NULL;
#else
    return NULL;
#endif
}
