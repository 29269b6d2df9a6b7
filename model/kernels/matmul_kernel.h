/* matmul_kernel.h - the innermost products, compiled for each instruction set. */
#ifndef MODEL_KERNELS_MATMUL_KERNEL_H
#define MODEL_KERNELS_MATMUL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/isa.h"

enum {
    MATMUL_WIDTH_MAX = 32, /* most columns of a panel of matmul_kernel */
    MATMUL_DEPTH = 256     /* rows of k that matmul packs at a time */
};

struct matmul_kernel {
    size_t width; /* columns of a panel */

    /* c[m][n] = bias[n] + a[m][k] @ b[k][n], plus c if `add`; n <= width. Rows of b lie `width`
     * floats apart and are readable up to `width`; so is bias, unless it is NULL for zeros. */
    void (*panel)(size_t m, size_t n, size_t k, const float *a, size_t a_row, const float *b,
                  const float *bias, bool add, float *c, size_t c_row);

    /* c[width][n] = a[k][width]^T @ b[k][n], plus c if `add`, for any n. Rows of b lie b_row floats
     * apart, rows of c c_row. */
    void (*weighted)(size_t n, size_t k, const float *a, const float *b, size_t b_row, bool add,
                     float *c, size_t c_row);
};

const struct matmul_kernel *matmul_kernel(enum isa isa);

#endif
