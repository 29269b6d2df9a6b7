/* polygon_fill.h - the mask inside a polygon, pixel for pixel as COCO's tools fill it.
 *
 * Corners are in pixels, (0, 0) is the corner of the first pixel. The outline is walked in fifths
 * of a pixel; where it crosses the middle of a column, inside and outside change. Source: cocoapi,
 * common/maskApi.c, rleFrPoly.
 */
#ifndef RLE_POLYGON_FILL_H
#define RLE_POLYGON_FILL_H

#include <stddef.h>

struct error;
struct rle;

/* Replaces the runs of `rle`, whose height and width are set, by the inside of the polygon with the
 * corners xy[2 * i], xy[2 * i + 1], i < corners. It is closed, and an overlap with itself counts as
 * outside. Input is untrusted: corners must be finite and at most the image's size away from it.
 * Returns 0, or -1 with ERROR_RECORD or ERROR_MEMORY. */
int polygon_fill(struct rle *rle, const double *xy, size_t corners, struct error *error);

#endif
