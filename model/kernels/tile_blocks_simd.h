/* tile_blocks_simd.h - blocks of a product of pairs in bfloat16, by AMX.
 *
 * A block of c has up to 32 rows and 32 columns in four tiles. A step of k takes 16 elements:
 * two tiles of a and two of b, each of a times each of b.
 *
 *              b 6   b 7
 *       a 4    c 0   c 1
 *       a 5    c 2   c 3
 *
 * A tile that is loaded serves two products. All eight registers are in use, so no shape needs
 * fewer loads.
 *
 * Within a step, the CPU sums the first and the second numbers of the pairs apart, and then adds
 * both sums to c. Steps begin at multiples of 16, and the last one is filled up with zeros. So
 * the bits of an element do not depend on the block that it is in.
 *
 * Tiles are configured with just the rows and columns of a block. That takes some 200 cycles by
 * Intel's optimisation manual, and a product of tiles 16. So blocks are cut such that one
 * configuration serves most or all of a product (block_size). */
#ifndef MODEL_KERNELS_TILE_BLOCKS_SIMD_H
#define MODEL_KERNELS_TILE_BLOCKS_SIMD_H

#include <stdbool.h>

#include "model/kernels/vector_simd.h"

enum { TILE = 16 }; /* most rows of a tile, and most elements of a row */

/* Puts what `from` points to into memory before the tile instructions that follow: GCC's
 * intrinsics do not tell the compiler that they read it. */
VECTOR_INLINE void written(const void *from)
{
    __asm__ volatile("" : : "r"(from) : "memory");
}

/* What LDTILECFG reads. A tile that is not used has neither rows nor bytes. */
struct tile_configuration {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

_Static_assert(sizeof(struct tile_configuration) == 64, "LDTILECFG reads 64 bytes");

static inline void configure_tile(struct tile_configuration *tiles, size_t tile, size_t rows,
                                  size_t columns)
{
    if (rows > 0 && columns > 0) {
        tiles->rows[tile] = (uint8_t)rows;
        tiles->row_bytes[tile] = (uint16_t)(columns * sizeof(float));
    }
}

/* For blocks of rows x columns of c. */
static void configure(size_t rows, size_t columns)
{
    size_t upper = rows < TILE ? rows : TILE, left = columns < TILE ? columns : TILE;
    const size_t height[] = {upper, rows - upper}, width[] = {left, columns - left};
    struct tile_configuration tiles = {.palette = 1};
    for (size_t i = 0; i < 2; i++) {
        configure_tile(&tiles, 2 * i, height[i], width[0]);
        configure_tile(&tiles, 2 * i + 1, height[i], width[1]);
        configure_tile(&tiles, 4 + i, height[i], TILE);
        configure_tile(&tiles, 6 + i, TILE, width[i]);
    }
    written(&tiles);
    _tile_loadconfig(&tiles);
}

/* The rows (or columns) of the next block, of n that are left. An odd number of tiles leaves one
 * whole tile for the end. All others make pairs, which share the remaining rows evenly: so
 * blocks mostly have the same size, or 16 rows. */
static inline size_t block_size(size_t n)
{
    size_t tiles = (n + TILE - 1) / TILE, pairs = tiles / 2, single = tiles % 2 * TILE;
    return pairs == 0 ? n : (n - single + pairs - 1) / pairs;
}

/* The size of blocks that tiles are configured for; zeros: not yet. */
struct block_shape {
    size_t rows, columns;
};

/* Whether a configuration for `have` rows (or columns) serves `want`: also if the first tile is
 * all of it. */
static inline bool serves(size_t have, size_t want)
{
    return want == have || (want == TILE && have > TILE);
}

static inline void require(struct block_shape *have, size_t rows, size_t columns)
{
    if (serves(have->rows, rows) && serves(have->columns, columns))
        return;
    configure(rows, columns);
    *have = (struct block_shape){rows, columns};
}

/* Where the operands of a block lie. The last k % 16 elements along k come from copies with
 * zeros behind them. */
struct tile_place {
    const float *a;
    size_t a_row;
    const float *b;
    size_t b_row;
    const float *a_rest; /* [32][a_rest_row >= 16], or NULL if 16 divides k */
    size_t a_rest_row;
    const float *b_rest; /* [16][PANEL_WIDTH] */
    const float *start;  /* what c starts from; NULL: zeros */
    size_t start_row;    /* 0: all rows start alike */
    float *c;
    size_t c_row;
};

/* The functions below are for blocks with or without a second row and a second column of tiles
 * (`lower`, `right`: constants). Intrinsics take the numbers of tiles as digits. */
VECTOR_INLINE void start_sums(const bool lower, const bool right, const float *from, size_t row)
{
    size_t bytes = row * sizeof *from;
    if (from) {
        _tile_loadd(0, from, bytes);
        if (right)
            _tile_loadd(1, from + TILE, bytes);
        if (lower)
            _tile_loadd(2, from + TILE * row, bytes);
        if (lower && right)
            _tile_loadd(3, from + TILE * row + TILE, bytes);
    } else {
        _tile_zero(0);
        if (right)
            _tile_zero(1);
        if (lower)
            _tile_zero(2);
        if (lower && right)
            _tile_zero(3);
    }
}

VECTOR_INLINE void store_sums(const bool lower, const bool right, float *to, size_t row)
{
    size_t bytes = row * sizeof *to;
    _tile_stored(0, to, bytes);
    if (right)
        _tile_stored(1, to + TILE, bytes);
    if (lower)
        _tile_stored(2, to + TILE * row, bytes);
    if (lower && right)
        _tile_stored(3, to + TILE * row + TILE, bytes);
}

/* The sums += 16 elements of each row of a times 16 rows of b. */
VECTOR_INLINE void tile_step(const bool lower, const bool right, const float *a, size_t a_row,
                             const float *b, size_t b_row)
{
    size_t a_bytes = a_row * sizeof *a, b_bytes = b_row * sizeof *b;
    _tile_loadd(6, b, b_bytes);
    _tile_loadd(4, a, a_bytes);
    _tile_dpbf16ps(0, 4, 6);
    if (right) {
        _tile_loadd(7, b + TILE, b_bytes);
        _tile_dpbf16ps(1, 4, 7);
    }
    if (lower) {
        _tile_loadd(5, a + TILE * a_row, a_bytes);
        _tile_dpbf16ps(2, 5, 6);
    }
    if (lower && right)
        _tile_dpbf16ps(3, 5, 7);
}

/* `steps` whole steps, and the rest. */
VECTOR_INLINE void block(const bool lower, const bool right, size_t steps,
                         const struct tile_place *at)
{
    const float *a = at->a, *b = at->b;
    start_sums(lower, right, at->start, at->start_row);
    for (size_t i = 0; i < steps; i++, a += TILE, b += TILE * at->b_row)
        tile_step(lower, right, a, at->a_row, b, at->b_row);
    if (at->a_rest)
        tile_step(lower, right, at->a_rest, at->a_rest_row, at->b_rest, PANEL_WIDTH);
    store_sums(lower, right, at->c, at->c_row);
}

/* A block of rows x columns, for which the tiles are configured. */
static void block_of(size_t rows, size_t columns, size_t steps, const struct tile_place *at)
{
    written(at->a_rest);
    written(at->b_rest);
    if (rows > TILE && columns > TILE)
        block(true, true, steps, at);
    else if (rows > TILE)
        block(true, false, steps, at);
    else if (columns > TILE)
        block(false, true, steps, at);
    else
        block(false, false, steps, at);
}

#endif
