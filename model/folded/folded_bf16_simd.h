/* folded_bf16_simd.h - elements of two numbers in bfloat16 (folded_kernel.h). Across rows, an element holds
 * those of an even row and of the next one at a position; along positions, those of an even position and
 * of the next one in a row. The first is in the low half. Needs AVX512-BF16. */
#ifndef MODEL_FOLDED_FOLDED_BF16_SIMD_H
#define MODEL_FOLDED_FOLDED_BF16_SIMD_H

#include "model/folded/folded_block_simd.h"
#include "model/kernels/half16_pairs_simd.h"

enum { GROUP = 2, ALONG = FOLDED_STRIP / GROUP };
_Static_assert((int)STEP == (int)FOLDED_STRIP && (int)ALONG == (int)LANES,
               "a row of a strip is one vector of pairs");

VECTOR_INLINE vector multiply_along(vector sum, vector a, vector b)
{
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

/* The numbers in the low and in the high halves. */
VECTOR_INLINE vector low_numbers(vector pairs)
{
    return (vector)((vector_int)pairs << 16);
}

VECTOR_INLINE vector high_numbers(vector pairs)
{
    return (vector)((vector_int)pairs & (int32_t)0xffff0000u);
}

VECTOR_INLINE vector pair_up(vector low, vector high)
{
    return (vector)(low_halves(to_bf16(low)) | low_halves(to_bf16(high)) << 16);
}

VECTOR_INLINE void add_pairs(const size_t rows, const float *w, const vector x[WIDE],
                             vector acc[BLOCK_ROWS][WIDE])
{
    UNROLLED
    for (size_t i = 0; i < rows; i++) {
        UNROLLED
        for (size_t j = 0; j < WIDE; j++)
            acc[i][j] = multiply_along(acc[i][j], vector_set(w[i]), x[j]);
    }
}

/* acc[i] += sum over k pairs of w[k * w_row + i] * x[k * ROW] */
VECTOR_INLINE void block_add_elements(const size_t rows, size_t k, const float *w, size_t w_row,
                                      const float *x, vector acc[BLOCK_ROWS][WIDE])
{
    for (; k > 0; k--, w += w_row, x += ROW) {
        vector right[WIDE];
        block_load_row(x, right);
        add_pairs(rows, w, right, acc);
    }
}

/* As block_add_elements with x * r + pe in place of x; pe are floats. */
VECTOR_INLINE void block_add_scaled_elements(const size_t rows, size_t k, const float *w,
                                             size_t w_row, const float *x, const float *pe,
                                             const vector r[WIDE], vector acc[BLOCK_ROWS][WIDE])
{
    for (; k > 0; k--, w += w_row, x += ROW, pe += GROUP * ROW) {
        vector right[WIDE];
        UNROLLED
        for (size_t j = 0; j < WIDE; j++) {
            vector pairs = vector_load(x + j * LANES);
            right[j] = pair_up(low_numbers(pairs) * r[j] + vector_load(pe + j * LANES),
                               high_numbers(pairs) * r[j] + vector_load(pe + ROW + j * LANES));
        }
        add_pairs(rows, w, right, acc);
    }
}

/* The exact GELU within 2e-4, a small part of what rounding its argument or its value to bfloat16 costs: as
 * that of floats, with 2 Q(u) = p(u)^-8 and a polynomial of degree 4. */
VECTOR_INLINE vector gelu(vector x)
{
    vector u = vector_max(x, -x);
    vector p = u * 3.40927090e-3f + 2.51858076e-3f;
    p = p * u + 5.01162261e-2f;
    p = p * u + 9.82809663e-2f;
    p = p * u + 1.0f;
    p = _mm512_rcp14_ps(p);
    p *= p;
    p *= p;
    p *= p;
    return vector_max(x, (vector){0}) - 0.5f * u * p;
}

/* Two rows become one row of pairs across them. */
VECTOR_INLINE void set_elements(float *to, vector x[GROUP][WIDE])
{
    UNROLLED
    for (size_t j = 0; j < WIDE; j++)
        vector_store(to + j * LANES, pair_up(x[0][j], x[1][j]));
}

/* A row becomes a row of pairs along positions. */
VECTOR_INLINE void set_along(float *to, vector x[WIDE])
{
    vector_store(to, (vector)_mm512_cvtne2ps_pbh(x[1], x[0]));
}

VECTOR_INLINE void load_along(const struct folded_rows *rows, size_t strip, size_t row, size_t at,
                              vector x[WIDE])
{
    const float *from = rows->at + strip * rows->strip + row * ALONG;
    (void)at;
    UNROLLED
    for (size_t j = 0; j < WIDE; j++) {
        vector_16 part;
        memcpy(&part, from + j * LANES / GROUP, sizeof part);
        x[j] = (vector)(low_halves(part) << 16);
    }
}

/* Rows of floats, *step rows apart, as rows along positions in room[FOLDED_CHUNK][rows][ALONG]. */
VECTOR_INLINE struct folded_rows rows_along(size_t rows, size_t strips, struct folded_rows from,
                                            size_t *step, float *room)
{
    for (size_t strip = 0; strip < strips; strip++)
        for (size_t row = 0; row < rows; row++) {
            vector x[WIDE];
            block_load_row(rows_at(&from, strip, row * *step, 0), x);
            set_along(room + (strip * rows + row) * ALONG, x);
        }
    *step = 1;
    return (struct folded_rows){room, rows * ALONG};
}

#endif
