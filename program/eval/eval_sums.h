/* eval_sums.h - sums over the outcomes of images, and the figures made of them. */
#ifndef PROGRAM_EVAL_EVAL_SUMS_H
#define PROGRAM_EVAL_EVAL_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "program/eval/eval_image.h"

struct error;

enum {
    RECALL_LIMITS = 3, /* masks an image: 10, 100, 1000 */
    CURVE_POINTS = 21  /* thresholds of the predicted IoU: 0, 0.05, ... 1 */
};

extern const size_t recall_limits[RECALL_LIMITS];

/* IoU with the true segment, summed over the segments of one range. */
struct eval_prompted {
    uint64_t segments;               /* clicked */
    double best_of_3;                /* first click: best of the three masks */
    double clicked[EVAL_CLICKS_MAX]; /* after 1, 2, ... clicks; of the first the best-scored mask */
    uint64_t clicks[EVAL_CLICKS_MAX]; /* segments that had as many */
    double box;
    uint64_t boxes;
};

/* Sums over all masks of all first clicks: x the predicted IoU, y the actual one. */
struct eval_correlation {
    double count, x, y, xx, yy, xy;
};

/* Segments of one range that count, and of them those found by the first masks. */
struct eval_recall {
    uint64_t segments;
    uint64_t found[RECALL_LIMITS][RECALL_THRESHOLDS];
};

/* What is left at one threshold of the predicted IoU. Masks and segments of one range each. */
struct eval_curve_point {
    uint64_t masks[EVAL_LEVELS]; /* but for those in crowds */
    uint64_t right[EVAL_LEVELS]; /* of these */
    uint64_t found[EVAL_LEVELS]; /* segments */
};

/* A mask as average precision needs it. */
struct eval_detection {
    double score;
    size_t place;                            /* order of equal scores */
    uint16_t right[RANGES], ignored[RANGES]; /* bit t: at threshold t */
};

/* Zeroed at first. */
struct eval_sums {
    uint64_t images; /* that counted */
    uint64_t failed; /* left out; counted by the caller */
    uint64_t masks;
    uint64_t empty_segments;
    struct eval_prompted prompted[RANGES];
    struct eval_correlation correlation;
    struct eval_recall recall[RANGES];
    struct eval_curve_point curve[RANGES][CURVE_POINTS + 1]; /* the last: every mask */
    struct eval_detection *detections; /* owned; of EVAL_ALL_CATEGORIES only */
    size_t detection_count, detection_capacity;
};

enum { EVAL_ALL_CATEGORIES = -1 };

/* Adds an image; of one category only its segments, and no masks: masks have none. The order of
 * the images decides the last bits of means, and the order of equal scores. Returns 0, or -1
 * (ERROR_MEMORY) with nothing added. */
int eval_sums_add(struct eval_sums *sums, const struct eval_image *image, int32_t category,
                  struct error *error);

void eval_sums_free(struct eval_sums *sums);

struct eval_figure {
    char name[40]; /* "miou_1_click", "ar_at_100_small" */
    double value;  /* NaN: a mean of nothing */
};

enum { EVAL_FIGURES = 160 };

/* All figures but the curve, always in the same order. Sorts the detections in place. Returns their
 * number. */
size_t eval_figures(struct eval_sums *sums, struct eval_figure figures[EVAL_FIGURES]);

#endif
