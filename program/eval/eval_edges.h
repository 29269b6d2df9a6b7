/* eval_edges.h - how good edges are on photographs whose true segments are known: those of a model, or
 * maps of any tool. One pair of image and record at a time; edge_scores.h has the sums. */
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

/* Evaluates one image. The true segments are in its path with the extension ".json"; its map in `maps` is
 * the key with ".png", gray, any of 8 or 16 bits, of which the upper 8 count. Returns 0, or -1 with
 * ERROR_IO, ERROR_IMAGE or ERROR_RECORD (missing, damaged, another size), and only `failed` has changed;
 * or with ERROR_MEMORY. */
int eval_edges_pair(struct edge_evaluator *evaluator, const char *path, const char *key,
                    struct error *error);

#endif
