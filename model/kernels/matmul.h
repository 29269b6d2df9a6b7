/* matmul.h - matrix products, all of this project's: vector kernels of our own (matmul_simd.c),
 * with packed right-hand sides and row-major results.
 *
 * Every product runs on the calling thread. Callers cut work into tiles of fixed size inside an
 * OpenMP loop. An element of a result depends on its row of the left side, its column of the right
 * side and k alone, never on m, n or where it lies in a tile, so cutting differently keeps the bits
 * (on one instruction set).
 */
#ifndef MODEL_KERNELS_MATMUL_H
#define MODEL_KERNELS_MATMUL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/isa.h"

struct error;
struct half16_kernel;

/* A matrix in place: element (i, j) lies at data[i * row + j * column]; so a transposed one costs
 * nothing to name. */
struct matmul_view {
    const float *data;
    size_t row, column;
};

static inline struct matmul_view matmul_rows(const float *data, size_t row)
{
    return (struct matmul_view){data, row, 1};
}

static inline struct matmul_view matmul_transposed(const float *data, size_t row)
{
    return (struct matmul_view){data, 1, row};
}

/* c[m][n] = a[m][k] @ b[k][n], plus what c holds when `add`. Rows of c are c_row floats apart.
 * Needs no memory but the stack (about 200 KB). Packs b once for every 256 rows of k, so it pays
 * when m is not tiny. c must not overlap a or b. */
void matmul(enum isa isa, size_t m, size_t n, size_t k, struct matmul_view a, struct matmul_view b,
            bool add, float *c, size_t c_row);

/* The twin of matmul, a loop over the formula in double precision, for tests. */
void matmul_plain(size_t m, size_t n, size_t k, struct matmul_view a, struct matmul_view b,
                  bool add, float *c, size_t c_row);

/* The right-hand side b[k][n] of many products, laid out for one instruction set: panels of `width`
 * columns, [ceil(n / width)][k][width], the last one filled up with zeros. */
struct matmul_packed {
    enum isa isa;
    const struct half16_kernel *half16; /* NULL: floats; else rows are those of its elements */
    size_t k, n, width;
    float *panels; /* owned, aligned */
    float *bias;   /* owned: [n rounded up to width], added to every row of a product */
};

/* Packs b[k][n] and bias[n] (NULL: zeros). Returns 0, or -1 with ERROR_MEMORY. `what` names the
 * matrix in the message. Frees with matmul_packed_free. */
int matmul_pack(struct matmul_packed *packed, enum isa isa, size_t k, size_t n,
                struct matmul_view b, const float *bias, const char *what, struct error *error);

/* As matmul_pack, in 16 bits. Rows of left sides are then the kernel's elements. */
int matmul_pack_half16(struct matmul_packed *packed, const struct half16_kernel *half16, size_t k,
                       size_t n, struct matmul_view b, const float *bias, const char *what,
                       struct error *error);

void matmul_packed_free(struct matmul_packed *packed);

/* Columns [first, first + count) of c = a[m][k] @ b + bias, plus what c holds when `add`; a's
 * columns are adjacent and its rows a_row floats apart; c points at column `first` of the first
 * row. `first` is a multiple of b->width, and so is `count` unless it ends with the last column. */
void matmul_columns(size_t m, const float *a, size_t a_row, const struct matmul_packed *b,
                    size_t first, size_t count, bool add, float *c, size_t c_row);

#endif
