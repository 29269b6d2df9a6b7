#include "model/encoders/vit_positions.h"

#include "model/kernels/cubic.h"

void vit_positions_resize(size_t side, size_t grid, size_t width, const float *from, float *to)
{
    for (size_t y = 0; y < grid; y++) {
        const struct cubic down = cubic_at(y, grid, side);
        for (size_t x = 0; x < grid; x++, to += width) {
            const struct cubic across = cubic_at(x, grid, side);
            for (size_t d = 0; d < width; d++) {
                double sum = 0;
                for (int k = 0; k < 16; k++)
                    sum += down.weight[k / 4] * across.weight[k % 4] *
                           from[(down.at[k / 4] * side + across.at[k % 4]) * width + d];
                to[d] = (float)sum;
            }
        }
    }
}
