/* hiera_tokens.h - the order in which Hiera's tokens lie in memory.
 *
 * The grid of stage s is cut into units of 8 >> s positions a side. Units come row by row; within a
 * unit, tokens come in Z-order (Morton order). So four tokens that are pooled into one are
 * neighbours, token t becomes token t / 4 of the next stage, and a window whose side is a power of
 * two that is no larger than a unit's is one run of tokens. In the last stage a unit is one position,
 * and tokens come row by row. */
#ifndef MODEL_ENCODERS_HIERA_TOKENS_H
#define MODEL_ENCODERS_HIERA_TOKENS_H

#include <stddef.h>

enum { HIERA_UNIT = 8 }; /* positions along a unit's side in stage 0 */

/* A square grid of positions. */
struct hiera_grid {
    size_t side, unit; /* side is a multiple of unit, a power of two up to HIERA_UNIT */
};

size_t hiera_token(const struct hiera_grid *grid, size_t row, size_t column);
void hiera_position(const struct hiera_grid *grid, size_t token, size_t *row, size_t *column);

/* Part of a grid. */
struct hiera_window {
    size_t top, left, side;
};

/* Writes the tokens of those positions of the window that lie within the grid, and returns their
 * number. `tokens` has room for side^2. */
size_t hiera_window_tokens(const struct hiera_grid *grid, const struct hiera_window *window,
                           size_t *tokens);

#endif
