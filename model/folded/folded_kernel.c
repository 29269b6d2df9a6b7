#include "model/folded/folded_kernel.h"

const struct folded_kernels *folded_kernels_for(enum isa isa, const struct half16_kernel *half16)
{
    static const struct folded_kernels *const variants[] = ISA_VARIANTS(folded_kernels);
#if defined(__x86_64__)
    if (half16)
        return &folded_kernels_bf16_avx512;
#endif
    (void)half16;
    return variants[isa];
}

folded_upscale_kernel *folded_upscale_for(enum isa isa, const struct half16_kernel *half16)
{
    static folded_upscale_kernel *const variants[] = ISA_VARIANTS(folded_upscale);
#if defined(__x86_64__)
    if (half16)
        return folded_upscale_bf16_avx512;
#endif
    (void)half16;
    return variants[isa];
}
