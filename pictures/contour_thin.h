/* contour_thin.h - fewer points for a closed line. */
#ifndef PICTURES_CONTOUR_THIN_H
#define PICTURES_CONTOUR_THIN_H

#include <stddef.h>

/* Keeps some of the `count` points (at least 3, the first always) of a closed line, such that each one
 * left out lies within `tolerance` of the straight line between its kept neighbours. In place, in one
 * pass; returns their number, at least 3.
 * Source: J. Sklansky, V. Gonzalez, "Fast polygonal approximation of digitized curves" (1980): the
 * directions in which a line from the last kept point passes near all points since then are a cone,
 * which each further point narrows. */
size_t contour_thin(float (*xy)[2], size_t count, double tolerance);

#endif
