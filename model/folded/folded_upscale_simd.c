#include "model/folded/folded_floats_simd.h"

#include "model/folded/folded_upscale_blocks_simd.h"

void ISA_NAME(folded_upscale)(const struct folded_upscale *in)
{
    upscale(in);
}
