/* edge_match.h - pairs of pixels of two binary maps, each in one pair at most, no further apart than a
 * distance: as many as there can be, near ones first.
 *
 * The BSDS benchmark (correspondPixels) finds an assignment of least cost in which an unmatched pixel
 * costs 100 times the largest distance. So it has the most pairs that are possible, as here. Which
 * pixels are in them is not unique, neither there nor here. */
#ifndef FILTERS_EDGES_EDGE_MATCH_H
#define FILTERS_EDGES_EDGE_MATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"

struct error;

/* Scratch memory of one thread, for maps of one size. */
struct edge_match;

/* `farthest`: the largest distance of a pair in pixels, 0..1000. NULL with ERROR_MEMORY. */
struct edge_match *edge_match_new(struct size size, double farthest, struct error *error);
void edge_match_free(struct edge_match *match);

/* Sets matched[height][width] to 1 at the pixels of `found` that are in a pair, and leaves the others as
 * they are. Maps are [height][width], 0 or 1. Returns the number of pairs. */
size_t edge_match_pairs(struct edge_match *match, const uint8_t *found, const uint8_t *truth,
                        uint8_t *matched);

#endif
