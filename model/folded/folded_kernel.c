#include "model/folded/folded_kernel.h"

const struct decoder_kernels *decoder_kernels(enum isa isa)
{
    static const struct decoder_kernels *const variants[] = ISA_VARIANTS(decoder_kernels);
    return variants[isa];
}

decoder_upscale_kernel *decoder_upscale(enum isa isa)
{
    static decoder_upscale_kernel *const variants[] = ISA_VARIANTS(decoder_upscale);
    return variants[isa];
}
