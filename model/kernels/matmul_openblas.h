/* matmul_openblas.h - OpenBLAS as the engine of the products of matmul.h, for machines that this
 * project has no vector kernels for.
 *
 * The library is opened at run time, on the first call, and stays open: a process that does not use
 * it neither maps it nor gets its threads. It is used only if it is sound here:
 *
 *  - It may be called from several threads at once. OpenBLAS built without threads and without
 *    USE_LOCKING, such as Debian's libopenblas0-serial, gives wrong sums then.
 *  - An element's bits do not depend on its place in a tile or on the tile's shape. Every shape that
 *    a call can have is tried, when the library is opened.
 *
 * No setting of OpenBLAS is changed, since others in the process may use it, too. It needs none: a
 * call is too small for OpenBLAS to divide it among threads. */
#ifndef MODEL_KERNELS_MATMUL_OPENBLAS_H
#define MODEL_KERNELS_MATMUL_OPENBLAS_H

#include <stdbool.h>

#include "model/kernels/matmul.h"

enum { MATMUL_OPENBLAS_WIDTH = 64 }; /* columns of a panel */

/* False in a build without OpenBLAS, where the library is not installed, or where it is not sound.
 * May be called from any thread. */
bool matmul_openblas_ready(void);

/* c[m][n] = bias[n] + a[m][k] @ panel[k][MATMUL_OPENBLAS_WIDTH], plus c if c.add; n is at most that
 * width, and the panel's other columns are zero. a.column is 1; bias may be NULL for zeros. Only if
 * matmul_openblas_ready. */
void matmul_openblas_panel(struct matmul_shape shape, struct matmul_view a, const float *panel,
                           const float *bias, struct matmul_result c);

#endif
