#include "model/encoders/hiera_tokens.h"

/* Bits 0, 1, 2 of x at places 0, 2, 4, and the reverse. */
static size_t spread(size_t x)
{
    return (x & 1) | (x & 2) << 1 | (x & 4) << 2;
}

static size_t gather(size_t x)
{
    return (x & 1) | (x & 4) >> 1 | (x & 16) >> 2;
}

size_t hiera_token(const struct hiera_grid *grid, size_t row, size_t column)
{
    size_t unit = grid->unit;
    size_t before = row / unit * (grid->side / unit) + column / unit;
    return before * unit * unit + 2 * spread(row % unit) + spread(column % unit);
}

void hiera_position(const struct hiera_grid *grid, size_t token, size_t *row, size_t *column)
{
    size_t unit = grid->unit, across = grid->side / unit;
    size_t before = token / (unit * unit), within = token % (unit * unit);
    *row = before / across * unit + gather(within >> 1);
    *column = before % across * unit + gather(within);
}

size_t hiera_window_tokens(const struct hiera_grid *grid, const struct hiera_window *window,
                           size_t *tokens)
{
    size_t count = 0;
    for (size_t r = window->top; r < window->top + window->side && r < grid->side; r++)
        for (size_t c = window->left; c < window->left + window->side && c < grid->side; c++)
            tokens[count++] = hiera_token(grid, r, c);
    return count;
}
