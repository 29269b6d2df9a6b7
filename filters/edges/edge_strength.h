/* edge_strength.h - how strong an edge each mask draws along its border.
 *
 * A mask's probability is the logistic function of its logits. Its gradient by the Sobel operator counts
 * at the pixels where the mask's border runs, the two on either side of it, and nowhere else: what the
 * probability does within a mask or far outside is no edge. A pixel of the map is the largest of all
 * masks. Source: Segment Anything, section 7.2 and appendix D.2. */
#ifndef FILTERS_EDGES_EDGE_STRENGTH_H
#define FILTERS_EDGES_EDGE_STRENGTH_H

#include "base/geometry.h"

struct error;
struct scan_geometry;

/* Where a mask is, and what it was made of. */
struct edge_mask {
    const struct scan_geometry *geometry;
    const float *logits; /* [L][L] */
    float threshold;     /* a pixel is foreground if its logit is above it */
    struct box box;      /* of its foreground, inclusive */
};

/* Raises map[size.height][size.width] to the mask's edges where they are stronger: 0 .. 4 sqrt 2, that
 * is the length of (gx, gy) with Sobel's weights 1, 2, 1. Returns 0, or -1 with ERROR_MEMORY. */
int edge_strength_add(const struct edge_mask *mask, struct size size, float *map,
                      struct error *error);

/* Divides the map by its largest value; a map of zeros stays. */
void edge_strength_normalise(struct size size, float *map);

#endif
