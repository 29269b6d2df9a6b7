/* half.h - float16 (IEEE 754 binary16) as bits: sign, 5 bits of exponent, 10 of fraction. */
#ifndef BASE_HALF_H
#define BASE_HALF_H

#include <stdint.h>
#include <string.h>

/* The bits of a float, and the float of such bits. */
static inline uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The same number as a float; every float16 is one. */
static inline float half_value(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000U) << 16;
    const uint32_t rest = (uint32_t)(half & 0x7fffU) << 13;
    if (rest >= 0x0f800000U) /* infinity and NaN keep their fraction */
        return float_of_bits(sign | 0x7f800000U | rest);
    /* Shifted into place, the exponent is 112 too small; multiplying corrects that, for subnormals, too. */
    return float_of_bits(sign | float_bits(float_of_bits(rest) * 0x1p112f));
}

/* The nearest float16; of two equally near, the even one. Values beyond 65504 become infinite, a NaN stays
 * one. */
uint16_t half_of(float value);

#endif
