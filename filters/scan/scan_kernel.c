#include "filters/scan/scan_kernel.h"

#include "base/isa.h"
#include "filters/mask.h"

ISA_DECLARE(const struct scan_kernel, scan_kernel);

const struct scan_kernel *scan_kernel(void)
{
    static const struct scan_kernel *const variants[] = ISA_VARIANTS(scan_kernel);
    return variants[isa_best()];
}

bool scan_stable(struct scan_count count, float threshold, float *score)
{
    *score = count.below ? (float)count.above / (float)count.below : 0;
    return count.below > 0 && mask_stability_passes(*score, (double)threshold);
}
