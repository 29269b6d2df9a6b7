#include "model/kernels/kernels.h"

ISA_DECLARE(const struct kernels, kernels);

const struct kernels *kernels_for(enum isa isa)
{
    static const struct kernels *const variants[] = ISA_VARIANTS(kernels);
    return variants[isa];
}
