#include "filters/grid.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"

int grid_side(int points_per_side, int downscale, int layer)
{
    return (int)(points_per_side / pow(downscale, layer));
}

/* As numpy.linspace(first, last, side) computes it: index * step + first, the last one exact. */
static double position(int index, int side)
{
    double first = 1.0 / (2.0 * side);
    double last = 1.0 - first;
    if (side > 1 && index == side - 1)
        return last;
    return side > 1 ? index * ((last - first) / (side - 1)) + first : first;
}

double *grid_points(int side, struct error *error)
{
    size_t count = (size_t)side * (size_t)side;
    double *xy = count <= SIZE_MAX / (2 * sizeof *xy) ? malloc(count * 2 * sizeof *xy) : NULL;
    if (!xy) {
        error_set(error, ERROR_MEMORY, "no memory for a grid of %d x %d points", side, side);
        return NULL;
    }
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            double *point = xy + ((size_t)y * (size_t)side + (size_t)x) * 2;
            point[0] = position(x, side);
            point[1] = position(y, side);
        }
    return xy;
}
