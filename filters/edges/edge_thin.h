/* edge_thin.h - lines of a binary map, thinned to one pixel without breaking them.
 *
 * Pixels are removed in two alternating passes until none is left to remove: those that border the
 * background, are no end of a line and do not hold two parts together. Source: Lam, Lee and Suen, Thinning
 * Methodologies, 1992, page 879; it is bwmorph(..., 'thin', Inf), which the BSDS benchmark uses. */
#ifndef FILTERS_EDGES_EDGE_THIN_H
#define FILTERS_EDGES_EDGE_THIN_H

#include <stdint.h>

#include "base/geometry.h"

struct error;

/* Thins map[size.height][size.width], 0 or 1, in place. Returns 0, or -1 with ERROR_MEMORY. */
int edge_thin(struct size size, uint8_t *map, struct error *error);

#endif
