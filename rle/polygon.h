/* polygon.h - the outlines of a mask as polygons, exact to the pixel.
 *
 * Corners lie on the lattice of pixel corners: pixel (x, y) is the square from (x, y) to
 * (x + 1, y + 1), as COCO's tools have it, so filling the polygons gives the mask back. All edges
 * are horizontal or vertical, and no corner lies within a straight edge. Outer rings run clockwise
 * on the screen (y downwards), holes the other way round. Pixels that touch only at a corner belong
 * to different rings.
 */
#ifndef RLE_POLYGON_H
#define RLE_POLYGON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct rle;

enum polygon_style {
    POLYGON_RINGS,        /* each ring separate, holes included */
    POLYGON_JOINED_HOLES, /* holes joined to the ring around them by a cut, walked both ways: for
                             formats whose polygons cannot have holes (COCO) */
    POLYGON_SINGLE        /* outer rings joined as well: one polygon a mask, for formats that
                             allow only one (YOLO) */
};

struct polygon {
    size_t first, count; /* corners xy[first .. first + count), closed */
    size_t outer;        /* for a hole: index of the polygon around it; else its own index */
};

struct polygons {
    struct polygon *items; /* owned */
    size_t count, capacity;
    int32_t (*xy)[2]; /* owned; corners of all polygons */
    size_t corners, corner_capacity;
};

/* Traces a mask and replaces the contents of `polygons`, which starts zeroed. An empty mask has no
 * polygons. Width and height must be below 2^31. Returns 0 or -1 (ERROR_MEMORY). */
int polygons_trace(struct polygons *polygons, const struct rle *rle, enum polygon_style style,
                   struct error *error);

void polygons_free(struct polygons *polygons);

#endif
