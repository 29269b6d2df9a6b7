#include "filters/scan/scan_kernel.h"

#include "base/isa.h"

extern const struct scan_kernel scan_kernel_generic;
#if defined(__x86_64__)
extern const struct scan_kernel scan_kernel_avx2, scan_kernel_avx512;
#endif

const struct scan_kernel *scan_kernel(void)
{
#if defined(__x86_64__)
    enum isa isa = isa_best();
    if (isa == ISA_AVX512)
        return &scan_kernel_avx512;
    if (isa == ISA_AVX2)
        return &scan_kernel_avx2;
#endif
    return &scan_kernel_generic;
}

bool scan_stable(struct scan_count count, float threshold, float *score)
{
    *score = count.below ? (float)count.above / (float)count.below : 0;
    return count.below > 0 && (threshold <= 0 || *score >= threshold);
}
