/* edge_nms.h - edges of one pixel's width: non-maximum suppression across the edge.
 *
 * Where an edge runs, its direction follows from the curvature of the smoothed map: with E4 = the map
 * under a triangle filter of radius 4 and its second derivatives Exx, Exy, Eyy by central differences,
 * the normal has the angle atan(Eyy * sign(-Exy) / (Exx + 1e-5)) mod pi. A pixel stays if no neighbour
 * at distance 1 along that normal, interpolated, is stronger than 1.01 times it. Within 5 pixels of the
 * image's edge, where filters have half their support, strengths fall linearly.
 * Source: Dollar and Zitnick, Structured Forests for Fast Edge Detection, and its toolbox (edgesNms),
 * which evaluations on BSDS500 use. */
#ifndef FILTERS_EDGES_EDGE_NMS_H
#define FILTERS_EDGES_EDGE_NMS_H

#include "base/geometry.h"

struct error;

/* Suppresses in map[size.height][size.width] in place. Returns 0, or -1 with ERROR_MEMORY. */
int edge_nms(struct size size, float *map, struct error *error);

#endif
