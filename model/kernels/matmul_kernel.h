/* matmul_kernel.h - the innermost products, compiled for each instruction set. */
#ifndef MODEL_KERNELS_MATMUL_KERNEL_H
#define MODEL_KERNELS_MATMUL_KERNEL_H

#include <stddef.h>

#include "base/isa.h"
#include "model/kernels/matmul.h"

enum {
    MATMUL_WIDTH_MAX = 32, /* most columns of a panel of matmul_kernel */
    MATMUL_DEPTH = 256     /* rows of k that matmul packs at a time */
};

struct matmul_kernel {
    size_t width; /* columns of a panel */

    /* c[m][n] = bias[n] + a[m][k] @ b[k][n], plus c if c.add; n <= width, and a.column is 1. Rows of b
     * lie `width` floats apart and are readable up to `width`; so is bias, unless it is NULL for
     * zeros. */
    void (*panel)(struct matmul_shape shape, struct matmul_view a, const float *b,
                  const float *bias, struct matmul_result c);

    /* c[width][n] = a[k][width]^T @ b[k][n], plus c if c.add, for any n; b.column is 1. */
    void (*weighted)(size_t n, size_t k, const float *a, struct matmul_view b,
                     struct matmul_result c);
};

/* The kernel of an instruction set; never NULL. For ISA_OPENBLAS the generic one: what multiplies
 * within a kernel of its own does not call OpenBLAS. */
const struct matmul_kernel *matmul_kernel(enum isa isa);

#endif
