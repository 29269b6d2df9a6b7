#include "model/kernels/upsample.h"

#include <math.h>

#include "model/kernels/kernels.h"

static const double A = -0.75; /* of the cubic, PyTorch's */

/* The positions and weights of the four inputs for position `p` of `to`. */
struct taps {
    size_t at[4];
    float weight[4];
};

/* The cubic at a distance of up to 2. */
static double cubic(double x)
{
    x = fabs(x);
    if (x <= 1)
        return ((A + 2) * x - (A + 3)) * x * x + 1;
    return ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
}

static struct taps taps_at(size_t from, size_t to, size_t p)
{
    struct taps taps;
    double at = ((double)p + 0.5) * (double)from / (double)to - 0.5, floor_at = floor(at);
    for (int i = 0; i < 4; i++) {
        long tap = (long)floor_at + i - 1, last = (long)from - 1;
        taps.at[i] = (size_t)(tap < 0 ? 0 : tap > last ? last : tap);
        taps.weight[i] = (float)cubic(at - floor_at - (i - 1));
    }
    return taps;
}

size_t upsample_scratch(const struct plane *from)
{
    return from->side * from->channels;
}

void upsample_row(enum isa isa, const struct plane *from, const struct plane *to, size_t row,
                  float *scratch)
{
    const struct kernels *kernels = kernels_for(isa);
    size_t channels = from->channels;
    struct taps down = taps_at(from->side, to->side, row);
    const float *x[4];
    for (size_t i = 0; i < 4; i++)
        x[i] = plane_at(from, (long)down.at[i], 0);
    kernels->blend(from->side * channels, x, down.weight, false, scratch);
    for (size_t column = 0; column < to->side; column++) {
        struct taps across = taps_at(from->side, to->side, column);
        for (size_t i = 0; i < 4; i++)
            x[i] = scratch + across.at[i] * channels;
        kernels->blend(channels, x, across.weight, true, plane_at(to, (long)row, (long)column));
    }
}
