#include "model/folded/folded_kernel.h"

const struct decoder_kernels *decoder_kernels(enum isa isa)
{
#if defined(__x86_64__)
    if (isa == ISA_AVX512)
        return &decoder_kernels_avx512;
    if (isa == ISA_AVX2)
        return &decoder_kernels_avx2;
#endif
    (void)isa;
    return &decoder_kernels_generic;
}

decoder_upscale_kernel *decoder_upscale(enum isa isa)
{
#if defined(__x86_64__)
    if (isa == ISA_AVX512)
        return decoder_upscale_avx512;
    if (isa == ISA_AVX2)
        return decoder_upscale_avx2;
#endif
    (void)isa;
    return decoder_upscale_generic;
}
