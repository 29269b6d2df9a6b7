/* eval_edges.h - how good edges are on photographs whose true segments are known: those of a model, or
 * maps of any tool. edge_scores.h has the sums. */
#ifndef PROGRAM_EVAL_EVAL_EDGES_H
#define PROGRAM_EVAL_EVAL_EDGES_H

#include <stdint.h>

#include "program/eval/edge_scores.h"

struct error;
struct image_pool;
struct mm_segmenter;

/* All borrowed. */
struct edge_evaluator {
    struct mm_segmenter *segmenter; /* of the model; NULL with `maps` */
    const char *maps;               /* folder of maps to evaluate instead, or NULL */
    struct image_pool *pool;        /* reads images and maps */
    int threads;
    int64_t annotator;   /* or EVAL_EDGES_ALL */
    uint64_t max_pixels; /* of a record's image */
    struct edge_scores scores;
    uint64_t images, failed;
};

enum { EVAL_EDGES_ALL = -2 }; /* the benchmark's way */

/* Evaluates the images below a folder, `max_images` of them (0: all). The true segments of NAME.jpg are
 * in NAME.json beside it; its map in `maps` is NAME.png, gray, any of 8 or 16 bits, of which the upper 8
 * count. Pairs that cannot be used (missing, damaged, another size) are printed to standard error and
 * counted. Returns 0, or -1 with ERROR_IO (there are no images) or ERROR_MEMORY. */
int eval_edges_walk(struct edge_evaluator *evaluator, const char *folder, int max_images,
                    struct error *error);

#endif
