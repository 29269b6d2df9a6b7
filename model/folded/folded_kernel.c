#include "model/folded/folded_kernel.h"

const struct folded_kernels *folded_kernels_for(enum isa isa)
{
    static const struct folded_kernels *const variants[] = ISA_VARIANTS(folded_kernels);
    return variants[isa];
}

folded_upscale_kernel *folded_upscale_for(enum isa isa)
{
    static folded_upscale_kernel *const variants[] = ISA_VARIANTS(folded_upscale);
    return variants[isa];
}
