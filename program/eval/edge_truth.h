/* edge_truth.h - boundaries between the segments that people have drawn: a binary map for each
 * annotator. A pixel is boundary if the one to its right, below, or below to its right is of another
 * segment (seg2bmap of the BSDS benchmark). Where segments overlap, the later one counts. */
#ifndef PROGRAM_EVAL_EDGE_TRUTH_H
#define PROGRAM_EVAL_EDGE_TRUTH_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct segments;

struct edge_truth {
    uint8_t *maps; /* owned: [count][height][width], 0 or 1 */
    size_t count;  /* annotators, in the order of their first segments */
};

/* Returns 0, or -1 with ERROR_MEMORY. edge_truth_free in either case. */
int edge_truth_make(struct edge_truth *truth, const struct segments *segments, struct error *error);
void edge_truth_free(struct edge_truth *truth);

#endif
