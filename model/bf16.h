/* bf16.h - products of operands rounded to bfloat16 with float accumulation, where the CPU has such
 * (AVX512-BF16).
 *
 * Two kernels give the same sums but for their order:
 *  - pairs: two neighbours along k make one element of four bytes, the first in the low half, and
 *    the CPU's own dot product (vdpbf16ps) takes both;
 *  - singles: an element is one rounded value, kept as a float, and products are float products.
 * AMD's Zen 4 does twice as many multiplications a second with pairs. Intel's cores do not: Emerald
 * Rapids starts one vdpbf16ps every other cycle and two float products every cycle, so half as many
 * (bench/LOG.md).
 *
 * Either way matrices of elements have the strides of float matrices and k counts elements. A
 * matrix of floats becomes one of elements along its rows (left sides) or across `group` rows
 * (right sides), rounded to the nearest, ties to even. */
#ifndef MODEL_BF16_H
#define MODEL_BF16_H

#include "model/matmul_kernel.h"

struct bf16_kernel {
    const struct matmul_kernel *product; /* a and b hold elements; c and start are floats */
    size_t group;                        /* values of an element: 2 (pairs) or 1 (singles) */

    /* Row r: to[n / group, rounded up] elements of x[n], the last one filled up with 0. Rows of x
     * and `to` lie `row` and `to_row` apart; to may be x if to_row is row. */
    void (*along)(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row);

    /* Row i of elements: to[n] from rows group i and up of x[rows][n], zeros past the last. May
     * work in place if to_row <= group row. */
    void (*across)(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row);
};

/* The one of `group` values, or NULL where this CPU or this build cannot. */
const struct bf16_kernel *bf16_kernel_of(size_t group);

/* The faster one on this CPU; MASKMILL_BF16=pairs|singles in the environment overrides the choice,
 * so that tests reach both. NULL as above. */
const struct bf16_kernel *bf16_kernel_best(void);

#endif
