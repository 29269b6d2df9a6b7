/* matmul_kernel.h - the innermost product, compiled for each instruction set; used by the model's
 * own products only. */
#ifndef MODEL_MATMUL_KERNEL_H
#define MODEL_MATMUL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/isa.h"

enum {
    MATMUL_WIDTH_MAX = 32, /* columns of a panel at most */
    MATMUL_DEPTH = 256     /* rows of k that matmul packs at a time */
};

struct matmul_kernel {
    size_t width; /* columns of a panel, at most MATMUL_WIDTH_MAX */
    /* c[m][n] = start[n] + a[m][k] @ b[k][n], plus c when `add`; n <= width. Rows of b are `width`
     * floats apart and all of them readable; start is NULL for zeros or readable up to `width`. */
    void (*panel)(size_t m, size_t n, size_t k, const float *a, size_t a_row, const float *b,
                  const float *start, bool add, float *c, size_t c_row);
};

extern const struct matmul_kernel matmul_kernel_generic;
#if defined(__x86_64__)
extern const struct matmul_kernel matmul_kernel_avx2, matmul_kernel_avx512;
#endif

const struct matmul_kernel *matmul_kernel(enum isa isa);

#endif
