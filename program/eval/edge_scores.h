/* edge_scores.h - how good edges are, by the protocol of the BSDS500 benchmark.
 *
 * A map of edges in 0..1 is cut at 99 thresholds, 0.01 to 0.99, each time thinned (edge_thin.h) and
 * matched with the boundaries that each annotator has drawn, within 0.75 % of the image's diagonal
 * (edge_match.h).
 *
 *   recall     matched pixels of all annotators / pixels of all annotators
 *   precision  pixels that match some annotator's / pixels of the map
 *
 * Source: Arbelaez, Maire, Fowlkes, Malik, Contour Detection and Hierarchical Image Segmentation, 2011,
 * and its benchmark; R50 is that of Dollar's toolbox. */
#ifndef PROGRAM_EVAL_EDGE_SCORES_H
#define PROGRAM_EVAL_EDGE_SCORES_H

#include <stdint.h>

#include "base/geometry.h"

struct error;
struct segments;

enum { EDGE_THRESHOLDS = 99 };

/* Sums over images, or those of one image. */
struct edge_counts {
    double recalled, true_pixels; /* over all annotators */
    double precise, pixels;       /* of the map */
};

/* Zeroed at first. */
struct edge_scores {
    struct edge_counts sums[EDGE_THRESHOLDS]; /* over all images */
    struct edge_counts best;                  /* of each image at its own best threshold */
};

/* What the benchmark reports. All are 0..1; zeros before the first image. */
struct edge_figures {
    double ods, ods_threshold, ods_recall,
        ods_precision; /* F at the best threshold for all images */
    double ois;        /* F with each image's own best threshold */
    double ap;         /* area under precision over recall */
    double r50;        /* recall at a precision of 0.5 */
};

/* Adds an image: its map[height][width], and the segments of all its annotators, of the map's size,
 * whose borders are the true boundaries. Uses `threads` threads. Returns 0 or -1 (ERROR_MEMORY). */
int edge_scores_add(struct edge_scores *scores, const float *map, const struct segments *segments,
                    int threads, struct error *error);

struct edge_figures edge_scores_figures(const struct edge_scores *scores);

/* F of these counts: the harmonic mean of recall and precision. */
double edge_counts_f(const struct edge_counts *counts);

#endif
