/* half16.h - products of operands rounded to 16 bits, where the CPU has such: of numbers in
 * bfloat16 (8 significant bits, float's range) or in half precision (f16: 11 bits, up to 65,504).
 *
 * Three ways to multiply, chosen by what the CPU does fastest:
 *  - pairs: two neighbours along k make one element of four bytes, the first in the low half, and
 *    AVX512-BF16's dot product takes both; sums are floats;
 *  - singles: an element is one rounded value, kept as a float, and products are float products;
 *  - halves: pairs of half-precision numbers, multiplied by AVX512-FP16. Their sums are rounded to
 *    11 bits at each step, so at most 96 of them are added before they go on in float: on average
 *    that costs less than rounding operands to bfloat16 does (model/MODEL.md). A bfloat16 of usual
 *    size is a half-precision number too; one above 65,504 becomes infinite and one below 6e-5
 *    loses bits.
 * AMD's Zen 4 multiplies twice as many pairs as floats a second, and has no halves. Intel's
 * Sapphire and Emerald Rapids multiply half as many pairs as floats, and twice as many halves
 * (bench/LOG.md).
 *
 * Matrices of elements have the strides of float matrices, and k counts elements. A matrix of
 * floats becomes one of elements along its rows (left sides) or across `group` rows (right sides),
 * rounded to the nearest, ties to even. */
#ifndef MODEL_KERNELS_HALF16_H
#define MODEL_KERNELS_HALF16_H

#include "model/kernels/matmul_kernel.h"

struct half16_kernel {
    const struct matmul_kernel *product; /* a and b hold elements; c and start are floats */
    size_t group;                        /* values of an element: 1 (singles) or 2 */

    /* Row r: to[n / group, rounded up] elements of x[n], the last one filled up with 0. Rows of x
     * and `to` lie `row` and `to_row` apart; to may be x if to_row is row. */
    void (*along)(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row);

    /* Row i of elements: to[n] from rows group i and up of x[rows][n], zeros past the last. May
     * work in place if to_row <= group row. */
    void (*across)(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row);
};

enum half16_way {
    HALF16_BF16_PAIRS,
    HALF16_BF16_SINGLES,
    HALF16_BF16_HALVES,
    HALF16_F16, /* halves */
    HALF16_WAYS
};

/* Multiplies in one way, or NULL where this CPU or this build cannot. */
const struct half16_kernel *half16_kernel(enum half16_way way);

/* The fastest way for bfloat16 on this CPU; MASKMILL_BF16=pairs|singles|halves in the environment
 * overrides the choice, so that tests reach all. NULL as above. */
const struct half16_kernel *half16_bf16_kernel(void);

#endif
