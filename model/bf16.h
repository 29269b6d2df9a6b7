/* bf16.h - products of bfloat16 with float accumulation, where the CPU has them (AVX512-BF16).
 *
 * Two neighbours along k make one element of four bytes, the first in the low half; so matrices of
 * pairs have the strides of float matrices, k counts pairs, and the kernels are the same. A matrix
 * of floats becomes pairs along its rows (left sides) or across two rows (right sides), rounded to
 * the nearest. */
#ifndef MODEL_BF16_H
#define MODEL_BF16_H

#include "model/matmul_kernel.h"

struct bf16_kernel {
    struct matmul_kernel product; /* a and b hold pairs; c and start are floats */

    /* Row r: to[(n + 1) / 2] pairs of x[n], the last one filled up with 0. Rows of x and `to` lie
     * `row` and `to_row` apart; to may be x if to_row is row. */
    void (*along)(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row);

    /* Pair row i: to[n] from rows 2 i and 2 i + 1 of x[rows][n], zeros past the last. May work in
     * place if to_row <= 2 row. */
    void (*across)(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row);
};

/* NULL where this CPU or this build cannot. */
const struct bf16_kernel *bf16_kernel(void);

#endif
