/* Products of pairs in bfloat16 by AMX (tile_blocks_simd.h). Empty unless compiled for AVX-512
 * by a compiler that supports AMX-BF16.
 *
 * Nothing outside of the operands is read or written. Each call ends with all tiles released:
 * then the kernel has none to save, neither when threads change nor for signals. */
#include "model/kernels/half16.h"

#if defined(HAVE_AMX) && defined(__AVX512F__)

#include "model/kernels/half16_pairs_simd.h"
#include "model/kernels/tile_blocks_simd.h"

/* Elements along k that `weighted` transposes at a time; attention has 72. */
enum { DEPTH = 6 * TILE };

/* to[rows][16] = x[rows][n] with zeros behind; n <= 16. */
static void fill_rows(size_t rows, size_t n, const float *x, size_t row, float *to)
{
    for (size_t r = 0; r < rows; r++)
        vector_store(to + r * TILE, vector_load_part(x + r * row, n));
}

/* to[16][PANEL_WIDTH] = x[rows][n] with zeros behind and below; n <= PANEL_WIDTH. */
static void fill_columns(size_t rows, size_t n, const float *x, size_t row, float *to)
{
    memset(to, 0, TILE * PANEL_WIDTH * sizeof *to);
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < n; j += LANES)
            vector_store_part(to + r * PANEL_WIDTH + j, vector_load_part(x + r * row + j, n - j),
                              n - j);
}

/* c[m][n] += bias[n]. */
static void add_bias(struct matmul_shape shape, const float *bias, struct matmul_result c)
{
    for (size_t i = 0; i < shape.m; i++, c.data += c.row)
        for (size_t j = 0; j < shape.n; j += LANES) {
            size_t lanes = shape.n - j;
            vector sum = vector_load_part(c.data + j, lanes) + vector_load_part(bias + j, lanes);
            vector_store_part(c.data + j, sum, lanes);
        }
}

static void panel(struct matmul_shape shape, struct matmul_view a, const float *b,
                  const float *bias, struct matmul_result c)
{
    float a_rest[2 * TILE * TILE], b_rest[TILE * PANEL_WIDTH];
    size_t m = shape.m, n = shape.n, steps = shape.k / TILE, rest = shape.k % TILE, rows;
    struct block_shape have = {0};
    struct tile_place at = {.a = a.data,
                            .a_row = a.row,
                            .b = b,
                            .b_row = PANEL_WIDTH,
                            .a_rest = rest ? a_rest : NULL,
                            .a_rest_row = TILE,
                            .b_rest = b_rest,
                            .start = c.add ? c.data : bias,
                            .start_row = c.add ? c.row : 0,
                            .c = c.data,
                            .c_row = c.row};
    if (c.add && bias)
        add_bias(shape, bias, c);
    if (rest)
        fill_columns(rest, n, b + steps * TILE * PANEL_WIDTH, PANEL_WIDTH, b_rest);
    for (; m > 0; m -= rows) {
        rows = block_size(m);
        if (rest)
            fill_rows(rows, rest, at.a + steps * TILE, a.row, a_rest);
        require(&have, rows, n);
        block_of(rows, n, steps, &at);
        at.a += rows * a.row;
        at.start += at.start ? rows * at.start_row : 0;
        at.c += rows * c.row;
    }
    _tile_release();
}

/* Interleaves row i with row i + 8. Four bits of the row and four of the column say where an
 * element is; this turns the eight round by one. After four times, row and column have changed
 * places. */
VECTOR_INLINE void interleave(const vector from[TILE], vector to[TILE])
{
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(TILE / 2));
#pragma GCC unroll 8
    for (size_t i = 0; i < TILE / 2; i++) {
        to[2 * i] = _mm512_permutex2var_ps(from[i], low, from[i + TILE / 2]);
        to[2 * i + 1] = _mm512_permutex2var_ps(from[i], high, from[i + TILE / 2]);
    }
}

/* to[16][16] = x[rows][16]^T with zeros behind; rows of x lie PANEL_WIDTH apart, those of `to`
 * DEPTH. */
static void transpose(size_t rows, const float *x, float *to)
{
    vector here[TILE], there[TILE];
#pragma GCC unroll 16
    for (size_t r = 0; r < TILE; r++)
        here[r] = r < rows ? vector_load(x + r * PANEL_WIDTH) : (vector){0};
    interleave(here, there);
    interleave(there, here);
    interleave(here, there);
    interleave(there, here);
#pragma GCC unroll 16
    for (size_t r = 0; r < TILE; r++)
        vector_store(to + r * DEPTH, here[r]);
}

/* `weighted` for k <= DEPTH. */
static void weighted_part(size_t n, size_t k, const float *a, struct tile_place at,
                          struct block_shape *have)
{
    float turned[PANEL_WIDTH * DEPTH], b_rest[TILE * PANEL_WIDTH];
    size_t steps = k / TILE, rest = k % TILE, columns;
    for (size_t p = 0; p < k; p += TILE)
        for (size_t i = 0; i < PANEL_WIDTH; i += TILE)
            transpose(k - p < TILE ? k - p : TILE, a + p * PANEL_WIDTH + i, turned + i * DEPTH + p);
    written(turned);
    at.a = turned;
    at.a_row = at.a_rest_row = DEPTH;
    at.a_rest = rest ? turned + steps * TILE : NULL;
    at.b_rest = b_rest;
    for (; n > 0; n -= columns) {
        columns = block_size(n);
        if (rest)
            fill_columns(rest, columns, at.b + steps * TILE * at.b_row, at.b_row, b_rest);
        require(have, PANEL_WIDTH, columns);
        block_of(PANEL_WIDTH, columns, steps, &at);
        at.b += columns;
        at.start += at.start ? columns : 0;
        at.c += columns;
    }
}

static void weighted(size_t n, size_t k, const float *a, struct matmul_view b,
                     struct matmul_result c)
{
    struct block_shape have = {0};
    struct tile_place at = {.b = b.data,
                            .b_row = b.row,
                            .start = c.add ? c.data : NULL,
                            .start_row = c.row,
                            .c = c.data,
                            .c_row = c.row};
    for (size_t done = 0; done == 0 || done < k; done += DEPTH) {
        weighted_part(n, k - done < DEPTH ? k - done : DEPTH, a + done * PANEL_WIDTH, at, &have);
        at.b += DEPTH * b.row;
        at.start = c.data;
    }
    _tile_release();
}

static void along(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    pairs_along(rows, n, x, row, to, to_row, to_bf16);
}

static void across(size_t rows, size_t n, const float *x, size_t row, float *to, size_t to_row)
{
    pairs_across(rows, n, x, row, to, to_row, to_bf16);
}

static const struct matmul_kernel product = {PANEL_WIDTH, panel, weighted};
const struct half16_kernel ISA_NAME(half16_bf16_tiles) = {"tiles", &product, 2, along, across};

#endif
