/* coverage.h - how much of each pixel a shape covers: the anti-aliasing of all that is drawn.
 *
 * Pixel (x, y) is the square from (x, y) to (x + 1, y + 1). Pictures are painted in bands of rows; a
 * coverage is one shape's part of a band. The result for a pixel does not depend on the band.
 */
#ifndef PICTURES_COVERAGE_H
#define PICTURES_COVERAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"

struct contour;
struct error;

struct coverage {
    struct rect area;        /* where it lies in the picture */
    uint8_t *pixels;         /* owned: [area.height][area.width], 0 to 255 */
    float *cells;            /* owned: [area.height][area.width + 2], for working */
    size_t room, cells_room; /* allocated */
    float reach;             /* of lines: distances up to this are measured */
};

/* The part of a band that drawings within `bounds` may touch: sets the area, which may be empty; what
 * the coverage holds is indeterminate. Memory is kept from call to call. Returns 0 or -1
 * (ERROR_MEMORY). */
int coverage_begin(struct coverage *coverage, struct rect band, struct rect bounds,
                   struct error *error);

/* The coverage by the rings of a contour: the exact share of each pixel. Holes must run against their
 * outer rings, as a contour's do. */
void coverage_fill(struct coverage *coverage, const struct contour *contour);

/* Lines, with round ends: begin, add as many as there are, then ask for the coverage by lines of one
 * width, or of several in turn; `widest` is the greatest of them. Lines that overlap cover no pixel
 * twice. */
void coverage_lines(struct coverage *coverage, double widest);
void coverage_line(struct coverage *coverage, const float a[2], const float b[2]);
void coverage_ink(struct coverage *coverage, double width);

/* Adds the rings of a contour, as lines. Left out are rings of less than `least` pixels, but for the
 * contour's largest, and what runs along the border of `frame`: there the image ends, not the mask. */
void coverage_outline(struct coverage *coverage, const struct contour *contour, double least,
                      struct rect frame);

void coverage_free(struct coverage *coverage);

#endif
