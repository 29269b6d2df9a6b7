/* matmul.h - all matrix products of this project: right sides are packed, results are row-major.
 * They come from its own vector kernels (matmul_simd.c), or from OpenBLAS where the CPU has none
 * (matmul_openblas.h). Attention, Winograd's convolutions and the folded decoder multiply within
 * their own kernels, and never by OpenBLAS.
 *
 * Every product runs on the calling thread; callers cut work into strips of fixed size inside an
 * OpenMP loop. The bits of an element depend only on its row of the left side, its column of the
 * right side, k and the instruction set. They do not depend on m, n or the place in a strip, so
 * work may be cut anywhere. That holds for OpenBLAS, too, whose tiles have whole register blocks only;
 * another release of it, or another CPU, may give other bits. */
#ifndef MODEL_KERNELS_MATMUL_H
#define MODEL_KERNELS_MATMUL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/isa.h"

struct error;
struct half16_kernel;

/* The instruction set for a model's products and kernels: isa_best(), but ISA_OPENBLAS for
 * ISA_GENERIC where OpenBLAS is installed, sound, and likely to be faster.
 * MASKMILL_PRODUCTS=own|openblas in the environment decides otherwise for ISA_GENERIC; openblas is
 * not taken where it is missing or not sound. */
enum isa matmul_isa(void);

/* Returns 0, or -1 with ERROR_USAGE if MASKMILL_PRODUCTS is another word. */
int matmul_check_environment(struct error *error);

/* A matrix in place: element (i, j) lies at data[i * row + j * column], so a transposed matrix
 * needs no copy. */
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

/* Where a product goes: element (i, j) to data[i * row + j], added to what is there if `add`. */
struct matmul_result {
    float *data;
    size_t row;
    bool add;
};

static inline struct matmul_result matmul_set(float *data, size_t row)
{
    return (struct matmul_result){data, row, false};
}

static inline struct matmul_result matmul_add(float *data, size_t row)
{
    return (struct matmul_result){data, row, true};
}

struct matmul_shape {
    size_t m, n, k;
};

/* c[m][n] = a[m][k] @ b[k][n]. Needs no memory but the stack (about 200 KB). Packs b once for every
 * 256 rows of k, so it pays when m is not tiny. c must not overlap a or b. */
void matmul(enum isa isa, struct matmul_shape shape, struct matmul_view a, struct matmul_view b,
            struct matmul_result c);

/* The right side of many products: b[k][n], and bias[n] (NULL: zeros) that is added to each row. */
struct matmul_right {
    size_t k, n;
    struct matmul_view b;
    const float *bias;
};

/* The right side of a linear layer: y[out] = x[in] @ weight[out][in]^T + bias[out]. */
static inline struct matmul_right matmul_linear(size_t in, size_t out, const float *weight,
                                                const float *bias)
{
    return (struct matmul_right){in, out, matmul_transposed(weight, in), bias};
}

/* A right side packed for one instruction set: panels of `width` columns, [ceil(n /
 * width)][k][width]. The last panel is padded with zeros. */
struct matmul_packed {
    enum isa isa;
    const struct half16_kernel *half16; /* NULL: floats; else panels hold its elements */
    size_t k, n, width;
    float *panels; /* owned, aligned */
    float *bias;   /* owned, [n rounded up to width] */
};

/* Packs. `what` names the matrix in the message. Returns 0, or -1 with ERROR_MEMORY and *packed
 * zeroed. Freed by matmul_packed_free. */
int matmul_pack(struct matmul_packed *packed, enum isa isa, struct matmul_right right,
                const char *what, struct error *error);

/* As matmul_pack, in 16 bits. Left sides must then hold the kernel's elements. */
int matmul_pack_half16(struct matmul_packed *packed, const struct half16_kernel *half16,
                       struct matmul_right right, const char *what, struct error *error);

void matmul_packed_free(struct matmul_packed *packed);

/* c[m][n] = a[m][k] @ b + bias. The columns of `a` must be adjacent (a.column is 1). */
void matmul_packed(size_t m, struct matmul_view a, const struct matmul_packed *b,
                   struct matmul_result c);

/* Only columns first .. first + count - 1 of that product; c.data points at column `first`. `first`
 * is a multiple of b->width. So is `count`, unless the range ends with the last column. */
void matmul_columns(size_t m, struct matmul_view a, const struct matmul_packed *b, size_t first,
                    size_t count, struct matmul_result c);

#endif
