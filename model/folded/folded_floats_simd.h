/* folded_floats_simd.h - elements that are floats: each row of elements is one row, and both forms are the
 * same (folded_kernel.h). */
#ifndef MODEL_FOLDED_FOLDED_FLOATS_SIMD_H
#define MODEL_FOLDED_FOLDED_FLOATS_SIMD_H

#include "model/folded/folded_block_simd.h"

enum { GROUP = 1, ALONG = FOLDED_STRIP };

/* acc[i] += sum over k of w[k * w_row + i] * x[k * ROW] */
VECTOR_INLINE void block_add_elements(const size_t rows, size_t k, const float *w, size_t w_row,
                                      const float *x, vector acc[BLOCK_ROWS][WIDE])
{
    block_add(rows, k, w, w_row, x, acc);
}

/* As block_add_elements with x * r + pe in place of x. */
VECTOR_INLINE void block_add_scaled_elements(const size_t rows, size_t k, const float *w,
                                             size_t w_row, const float *x, const float *pe,
                                             const vector r[WIDE], vector acc[BLOCK_ROWS][WIDE])
{
    for (; k > 0; k--, w += w_row, x += ROW, pe += ROW) {
        vector right[WIDE];
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            right[j] = vector_load(x + j * LANES) * r[j] + vector_load(pe + j * LANES);
        block_add_one(rows, w, right, acc);
    }
}

/* GROUP rows become one row of elements. */
VECTOR_INLINE void set_elements(float *to, vector x[GROUP][WIDE])
{
    block_store_row(to, x[0]);
}

/* Row `row` of rows along positions. */
VECTOR_INLINE void load_along(const struct folded_rows *rows, size_t strip, size_t row, size_t at,
                              vector x[WIDE])
{
    block_load_row(rows_at(rows, strip, row, at), x);
}

/* The exact GELU within 1e-6: max(x, 0) - u * Q(u) with u = |x|, Q(u) = erfc(u / sqrt 2) / 2.
 * 2 Q(u) = p(u)^-16 with a polynomial of degree 6, the form of Abramowitz and Stegun 7.1.28, with
 * coefficients fitted for the least error of u * Q(u). */
VECTOR_INLINE vector gelu(vector x)
{
    vector u = vector_max(x, -x);
    vector p = u * 6.33242416e-6f + 4.13880734e-5f;
    p = p * u + 5.97061007e-5f;
    p = p * u + 3.24933068e-3f;
    p = p * u + 2.11572889e-2f;
    p = p * u + 4.98641394e-2f;
    p = p * u + 1.0f;
    p = vector_inverse(p);
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    return vector_max(x, (vector){0}) - 0.5f * u * p;
}

/* One step of a sum over positions. */
VECTOR_INLINE vector multiply_along(vector sum, vector a, vector b)
{
    return sum + a * b;
}

/* Rows of floats, *step rows apart, as rows along positions: here as they are. */
VECTOR_INLINE struct folded_rows rows_along(size_t rows, size_t strips, struct folded_rows from,
                                            size_t *step, float *room)
{
    (void)rows, (void)strips, (void)step, (void)room;
    return from;
}

#endif
