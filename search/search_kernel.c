#include "search/search_kernel.h"

#include "base/isa.h"

ISA_DECLARE(const struct search_kernel, search_kernel);

const struct search_kernel *search_kernel(void)
{
    static const struct search_kernel *const variants[] = ISA_VARIANTS(search_kernel);
    return variants[isa_best()];
}
