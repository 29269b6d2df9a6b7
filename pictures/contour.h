/* contour.h - the outlines of a mask as smooth closed lines, for pictures.
 *
 * A mask's border runs along pixels, in steps. Its rings (rle/polygon.h) are sampled at the middle of
 * each pixel's edge, which turns steps into slopes; smoothed by a few passes of (1, 2, 1) / 4 along the
 * ring; thinned to the corners that are needed; and moved outwards by the little that this took, so
 * that each ring encloses as many pixels as the mask has there. Small rings are smoothed less. Nobody
 * should measure with these lines, but at the eye's distance they are where the border is: within
 * about a pixel.
 */
#ifndef PICTURES_CONTOUR_H
#define PICTURES_CONTOUR_H

#include <stddef.h>

struct error;
struct rle;

/* Points first .. first + count - 1, closed. Outer rings run clockwise on the screen, holes the other
 * way round. */
struct contour_ring {
    size_t first, count;
    float top, bottom; /* least and greatest y */
};

/* The rings of one mask. Begins with all zeros. Coordinates are in pixels, (0, 0) is the upper left
 * corner of the first. */
struct contour {
    struct contour_ring *rings; /* owned */
    size_t count, capacity;
    float (*xy)[2]; /* owned: points of all rings */
    size_t points, point_capacity;
};

/* Traces a mask and replaces what the contour holds. An empty mask has no rings. Points move by at
 * most `tolerance` pixels (0.1, say) for the sake of fewer. Returns 0 or -1 (ERROR_MEMORY). */
int contour_trace(struct contour *contour, const struct rle *rle, double tolerance,
                  struct error *error);

/* x becomes left + x * scale_x, and y likewise. */
void contour_move(struct contour *contour, const double origin[2], const double scale[2]);

/* Area enclosed by a ring: positive for outer rings, negative for holes. */
double contour_ring_area(const struct contour *contour, size_t ring);

void contour_free(struct contour *contour);

#endif
