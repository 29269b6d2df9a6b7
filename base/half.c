#include "base/half.h"

#include <string.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t half_of(float value)
{
    const uint32_t bits = bits_of(value), magnitude = bits & 0x7fffffffU;
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000U);
    if (magnitude > 0x7f800000U)
        return sign | 0x7e00U; /* a quiet NaN */
    if (magnitude >= 0x477ff000U)
        return sign | 0x7c00U; /* rounds to 2^16, which is infinite */
    if (magnitude < 0x38800000U) {
        /* Below 2^-14, a float16 is a multiple of 2^-24: so is a sum with 0.5, whose last bit that is. */
        float sum = float_of(magnitude) + 0.5f;
        return sign | (uint16_t)(bits_of(sum) - bits_of(0.5f));
    }
    /* Rebase the exponent from 127 to 15; round the lower 13 bits to nearest, ties to even. */
    const uint32_t rebased = magnitude - (112U << 23);
    return sign | (uint16_t)((rebased + 0xfffU + (rebased >> 13 & 1U)) >> 13);
}

float half_value(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000U) << 16;
    const uint32_t rest = (uint32_t)(half & 0x7fffU) << 13;
    if (rest >= 0x0f800000U) /* infinity and NaN keep their fraction */
        return float_of(sign | 0x7f800000U | rest);
    /* Shifted into place, the exponent is 112 too small; multiplying corrects that, for subnormals, too. */
    return float_of(sign | bits_of(float_of(rest) * 0x1p112f));
}
