#include "base/half.h"

uint16_t half_of(float value)
{
    const uint32_t bits = float_bits(value), magnitude = bits & 0x7fffffffU;
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000U);
    if (magnitude > 0x7f800000U)
        return sign | 0x7e00U; /* a quiet NaN */
    if (magnitude >= 0x477ff000U)
        return sign | 0x7c00U; /* rounds to 2^16, which is infinite */
    if (magnitude < 0x38800000U) {
        /* Below 2^-14, a float16 is a multiple of 2^-24: so is a sum with 0.5, whose last bit that is. */
        float sum = float_of_bits(magnitude) + 0.5f;
        return sign | (uint16_t)(float_bits(sum) - float_bits(0.5f));
    }
    /* Rebase the exponent from 127 to 15; round the lower 13 bits to nearest, ties to even. */
    const uint32_t rebased = magnitude - (112U << 23);
    return sign | (uint16_t)((rebased + 0xfffU + (rebased >> 13 & 1U)) >> 13);
}
