/* half16.h - products of operands rounded to 16 bits, where the CPU supports them: bfloat16 (8
 * significant bits, the range of a float) or half precision (f16: 11 bits, up to 65,504).
 *
 * There are four ways to multiply; the best one depends on the CPU.
 *  - pairs: an element of four bytes holds two neighbours along k, the first in the low half.
 *    AVX512-BF16's dot product takes both, as does BFDOT of ARM. Sums are floats.
 *  - singles: an element is one rounded value, stored as a float. Products are float products.
 *  - halves: an element holds two half-precision numbers, multiplied by AVX512-FP16. Each step
 *    rounds the sum to 11 bits, so at most 96 steps are summed before the sum is added to a float.
 *    On average this costs less accuracy than rounding operands to bfloat16 (model/MODEL.md).
 *    bfloat16 operands are converted: one above 65,504 becomes infinite, and one below 6e-5 loses
 *    bits.
 *  - tiles: elements are those of pairs, multiplied by AMX-BF16, 16 x 16 by 16 x 16 at a time. Sums
 *    are floats. Numbers and results too small to be normal floats count as zeros. Nobody has run it
 *    on a CPU with AMX yet, so it must be asked for; tests run its code by emulation.
 * AMD's Zen 4 multiplies twice as many pairs as floats a second, and has no halves. Intel's
 * Sapphire and Emerald Rapids multiply half as many pairs as floats, and twice as many halves
 * (bench/LOG.md).
 *
 * A matrix of elements has the strides of a float matrix, and its k counts elements. Left sides are
 * packed along rows, right sides across `group` rows. Rounding is to nearest, ties to even. */
#ifndef MODEL_KERNELS_HALF16_H
#define MODEL_KERNELS_HALF16_H

#include "model/kernels/matmul_kernel.h"

struct half16_kernel {
    const char *name;                    /* of the way: "pairs", "singles", "halves", "tiles" */
    const struct matmul_kernel *product; /* a and b hold elements; c and bias are floats */
    size_t group;                        /* values of an element: 1 (singles) or 2 */

    /* Packs along rows: row r of `to` holds the elements of x[n], n / group of them, rounded up;
     * the last one is padded with 0. Rows of x and `to` lie `row` and `to_row` floats apart. to may
     * be x if to_row is row. */
    void (*along)(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row);

    /* Packs across rows: row i of `to`, n elements, holds rows group * i and up of x[rows][n], with
     * zeros past the last row. to may be x if to_row <= group * row. */
    void (*across)(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row);
};

enum half16_way {
    HALF16_BF16_PAIRS,
    HALF16_BF16_SINGLES,
    HALF16_BF16_HALVES,
    HALF16_BF16_TILES,
    HALF16_F16, /* halves */
    HALF16_WAYS
};

/* The kernel of one way, or NULL if this CPU or this build does not support it. HALF16_BF16_TILES
 * asks the operating system for its permission (amx.h). */
const struct half16_kernel *half16_kernel(enum half16_way way);

/* The fastest kernel for bfloat16 on this CPU, but never that of tiles. MASKMILL_BF16=
 * pairs|singles|halves|tiles in the environment overrides the choice, so that tests reach all four.
 * NULL as above. */
const struct half16_kernel *half16_bf16_kernel(void);

/* The same if it is that of pairs on x86-64, otherwise NULL: for what has kernels for these alone. */
const struct half16_kernel *half16_bf16_pairs(void);

/* Returns 0, or -1 with ERROR_USAGE if MASKMILL_BF16 is another word. */
int half16_check_environment(struct error *error);

#endif
