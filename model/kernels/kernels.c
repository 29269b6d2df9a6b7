#include "model/kernels/kernels.h"

extern const struct kernels kernels_generic;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2, kernels_avx512;
#endif

const struct kernels *kernels_for(enum isa isa)
{
#if defined(__x86_64__)
    if (isa == ISA_AVX512)
        return &kernels_avx512;
    if (isa == ISA_AVX2)
        return &kernels_avx2;
#endif
    (void)isa;
    return &kernels_generic;
}
