#include "model/kernels/kernels.h"

#include "model/kernels/half16.h"
#include "model/kernels/matmul.h"

ISA_DECLARE(const struct kernels, kernels);

const struct kernels *kernels_for(enum isa isa)
{
    static const struct kernels *const variants[] = ISA_VARIANTS(kernels);
    return variants[isa];
}

int kernels_check_environment(struct error *error)
{
    return isa_check_environment(error) || matmul_check_environment(error) ||
                   half16_check_environment(error)
               ? -1
               : 0;
}
