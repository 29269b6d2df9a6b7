#include "model/encoders/vit_positions.h"

#include <math.h>

/* The inputs of one output along an axis. */
struct taps {
    size_t at[4];
    double weight[4];
};

/* The cubic at a distance of up to 2. */
static double cubic(double x)
{
    const double a = -0.75;
    x = fabs(x);
    if (x <= 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

/* Output `i` of `grid` lies at (i + 1/2) side / grid - 1/2. */
static struct taps taps_at(size_t side, size_t grid, size_t i)
{
    struct taps taps;
    double at = ((double)i + 0.5) * (double)side / (double)grid - 0.5, below = floor(at);
    for (int k = 0; k < 4; k++) {
        long tap = (long)below + k - 1, last = (long)side - 1;
        taps.at[k] = (size_t)(tap < 0 ? 0 : tap > last ? last : tap);
        taps.weight[k] = cubic(at - below - (k - 1));
    }
    return taps;
}

void vit_positions_resize(size_t side, size_t grid, size_t width, const float *from, float *to)
{
    for (size_t y = 0; y < grid; y++) {
        const struct taps down = taps_at(side, grid, y);
        for (size_t x = 0; x < grid; x++, to += width) {
            const struct taps across = taps_at(side, grid, x);
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
