/* half.h - float16 (IEEE 754 binary16) as bits: sign, 5 bits of exponent, 10 of fraction. */
#ifndef BASE_HALF_H
#define BASE_HALF_H

#include <stdint.h>

/* The nearest float16; of two equally near, the even one. Values beyond 65504 become infinite, a NaN stays
 * one. */
uint16_t half_of(float value);

/* The same number as a float; every float16 is one. */
float half_value(uint16_t half);

#endif
