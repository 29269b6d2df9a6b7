/* One panel of a product: blocks of ROWS x VECTORS registers, each step of k one load a vector of b
 * and one broadcast a row of a. Reaches 0.95 of the peak from L2 with 12 x 2 of 32 registers
 * (AVX-512) and 6 x 2 of 16. */
#include "model/matmul_kernel.h"

#include <string.h>

#include "model/vector.h"

#if defined(__AVX512F__)
enum { ROWS = 12, VECTORS = 2 };
#else
enum { ROWS = 6, VECTORS = 2 };
#endif
enum { WIDTH = VECTORS * LANES };

/* `rows` and `vectors` are constants wherever this is called, so that all accumulators are
 * registers. */
VECTOR_INLINE void block(const size_t rows, const size_t vectors, size_t k, const float *a,
                         size_t a_row, const float *b, const float *start, bool add, float *c,
                         size_t c_row)
{
    vector sum[ROWS][VECTORS];
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++)
            sum[i][j] = start ? vector_load(start + j * LANES) : (vector){0};
    for (size_t p = 0; p < k; p++) {
        vector right[VECTORS];
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++)
            right[j] = vector_load(b + p * WIDTH + j * LANES);
#pragma GCC unroll 16
        for (size_t i = 0; i < rows; i++) {
            float left = a[i * a_row + p];
#pragma GCC unroll 4
            for (size_t j = 0; j < vectors; j++)
                sum[i][j] += left * right[j];
        }
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++) {
            float *to = c + i * c_row + j * LANES;
            vector_store(to, add ? vector_load(to) + sum[i][j] : sum[i][j]);
        }
}

/* m < ROWS rows: in pieces of 4, 2 and 1. */
VECTOR_INLINE void few_rows(size_t m, const size_t vectors, size_t k, const float *a, size_t a_row,
                            const float *b, const float *start, bool add, float *c, size_t c_row)
{
    for (; m >= 4; m -= 4, a += 4 * a_row, c += 4 * c_row)
        block(4, vectors, k, a, a_row, b, start, add, c, c_row);
    if (m >= 2) {
        block(2, vectors, k, a, a_row, b, start, add, c, c_row);
        m -= 2, a += 2 * a_row, c += 2 * c_row;
    }
    if (m)
        block(1, vectors, k, a, a_row, b, start, add, c, c_row);
}

VECTOR_INLINE void all_rows(size_t m, const size_t vectors, size_t k, const float *a, size_t a_row,
                            const float *b, const float *start, bool add, float *c, size_t c_row)
{
    for (; m >= ROWS; m -= ROWS, a += ROWS * a_row, c += ROWS * c_row)
        block(ROWS, vectors, k, a, a_row, b, start, add, c, c_row);
    few_rows(m, vectors, k, a, a_row, b, start, add, c, c_row);
}

/* A panel whose last vector is not full: through a tile on the stack. */
static void ragged(size_t m, size_t n, size_t k, const float *a, size_t a_row, const float *b,
                   const float *start, bool add, float *c, size_t c_row)
{
    float tile[ROWS * WIDTH];
    for (size_t i = 0; i < m; i += ROWS) {
        size_t rows = m - i < ROWS ? m - i : ROWS;
        for (size_t r = 0; add && r < rows; r++)
            memcpy(tile + r * WIDTH, c + (i + r) * c_row, n * sizeof(float));
        all_rows(rows, VECTORS, k, a + i * a_row, a_row, b, start, add, tile, WIDTH);
        for (size_t r = 0; r < rows; r++)
            memcpy(c + (i + r) * c_row, tile + r * WIDTH, n * sizeof(float));
    }
}

static void panel(size_t m, size_t n, size_t k, const float *a, size_t a_row, const float *b,
                  const float *start, bool add, float *c, size_t c_row)
{
    if (n == WIDTH)
        all_rows(m, VECTORS, k, a, a_row, b, start, add, c, c_row);
    else if (n == LANES)
        all_rows(m, 1, k, a, a_row, b, start, add, c, c_row);
    else
        ragged(m, n, k, a, a_row, b, start, add, c, c_row);
}

const struct matmul_kernel ISA_NAME(matmul_kernel) = {WIDTH, panel};
