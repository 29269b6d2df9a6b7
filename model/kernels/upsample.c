#include "model/kernels/upsample.h"

#include "model/kernels/cubic.h"
#include "model/kernels/kernels.h"

/* The positions and weights of the four inputs for position `p` of `to`. */
struct taps {
    size_t at[4];
    float weight[4];
};

static struct taps taps_at(size_t from, size_t to, size_t p)
{
    const struct cubic cubic = cubic_at(p, to, from);
    struct taps taps;
    for (int i = 0; i < 4; i++) {
        taps.at[i] = cubic.at[i];
        taps.weight[i] = (float)cubic.weight[i];
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
