/* grid.h - the regular grid of point prompts of one crop.
 *
 * Source: build_point_grid and build_all_layer_point_grids of the reference (segment_anything,
 * utils/amg.py).
 */
#ifndef FILTERS_GRID_H
#define FILTERS_GRID_H

#include <stddef.h>

struct error;

/* Points along one side in crop layer `layer` (0 is the full image):
 * int(points_per_side / downscale^layer). May be 0: then the layer has no grid. */
int grid_side(int points_per_side, int downscale, int layer);

/* The side * side points of a grid in 0..1, x, y interleaved, x fastest: xy[side * side][2]. The
 * i-th of a row or column lies at (i + 0.5) / side, with the rounding of numpy's linspace. `side`
 * is at least 1. Multiply by the crop's width and height to get pixels. The caller frees it with
 * free(3). Returns NULL with ERROR_MEMORY. */
double *grid_points(int side, struct error *error);

#endif
