/* eval_sums.h - sums over the outcomes of images, and the figures made of them. */
#ifndef PROGRAM_EVAL_EVAL_SUMS_H
#define PROGRAM_EVAL_EVAL_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/eval/eval_image.h"
#include "program/eval/recall.h"

struct error;

enum {
    EVAL_LEVELS = 2,   /* IoU 0.5 and 0.75, at which a mask is right */
    RECALL_LIMITS = 3, /* masks an image: 10, 100, 1000 */
    CURVE_POINTS = 21, /* thresholds of the predicted IoU: 0, 0.05, ... 1 */
    CURVE_EVERY = 0    /* the point with every mask, as thresholds of 0 let all masks pass */
};

extern const size_t recall_limits[RECALL_LIMITS];
extern const int eval_levels[EVAL_LEVELS]; /* in percent */

/* IoU with the true segment, summed over the segments of one range. */
struct eval_prompted {
    uint64_t segments[EVAL_CLICKS_MAX]; /* that had 1, 2, ... clicks */
    double clicked[EVAL_CLICKS_MAX];    /* after as many; of one click the best-scored mask */
    double best_of_3;                   /* of one click the best of the three masks */
    uint64_t boxes;                     /* segments */
    double box;
};

/* Sums over all masks of all first clicks: x the predicted IoU, y the actual one. */
struct eval_correlation {
    double count, x, y, xx, yy, xy;
};

/* The segments of one range, and of them those found by the first masks of their images. */
struct eval_recall {
    uint64_t segments;
    uint64_t found[RECALL_LIMITS][RECALL_THRESHOLDS];
};

/* What is left of masks at one threshold of the predicted IoU. */
struct eval_curve_point {
    uint64_t masks[EVAL_LEVELS]; /* of the range; without those that lie in crowd regions */
    uint64_t right[EVAL_LEVELS]; /* of these */
    uint64_t found[EVAL_LEVELS]; /* segments of the range */
};

/* A mask as average precision needs it. */
struct eval_detection {
    double score;
    size_t place; /* orders equal scores */
    struct recall_mask found;
};

/* Zeroed at first. */
struct eval_sums {
    bool of_category; /* of one category: its segments only, no masks */
    uint64_t images;  /* that counted */
    uint64_t failed;  /* left out; counted by the caller */
    uint64_t masks;
    uint64_t empty_segments;
    struct eval_prompted prompted[RANGES];
    struct eval_correlation correlation;
    struct eval_recall recall[RANGES];
    struct eval_curve_point curve[RANGES][CURVE_POINTS];
    struct eval_detection *detections; /* owned; of EVAL_ALL_CATEGORIES only */
    size_t detection_count, detection_capacity;
};

enum { EVAL_ALL_CATEGORIES = -1 };

/* Adds an image; of one category only its segments, and no masks, for masks have no category. Masks
 * are matched with all segments in either case. The order of the images decides the last bits of
 * means, and the order of equal scores. Returns 0, or -1 (ERROR_MEMORY) with nothing added. */
int eval_sums_add(struct eval_sums *sums, const struct eval_image *image, int32_t category,
                  struct error *error);

void eval_sums_free(struct eval_sums *sums);

/* All of these are NaN where there is nothing to take the mean of. */

/* Mean IoU of prompts on segments of one range: after `clicks` clicks (1..EVAL_CLICKS_MAX). */
double eval_miou(const struct eval_sums *sums, enum eval_range range, int clicks);
double eval_miou_best_of_3(const struct eval_sums *sums, enum eval_range range);
double eval_miou_box(const struct eval_sums *sums, enum eval_range range);

/* Pearson's coefficient of predicted and actual IoU; NaN if either side is constant. */
double eval_pearson(const struct eval_sums *sums);

/* Average recall at recall_limits[limit] masks an image, over the first `thresholds` thresholds:
 * RECALL_THRESHOLDS, or 1 for recall at IoU 0.5. */
double eval_average_recall(const struct eval_sums *sums, enum eval_range range, int limit,
                           int thresholds);

/* COCO's average precision over thresholds first..first + count - 1, at RECALL_MASKS_MAX masks an
 * image; NaN of one category. Sorts the detections in place. */
double eval_average_precision(struct eval_sums *sums, enum eval_range range, int first, int count);

/* The threshold of the predicted IoU at a point of the curve: point / 20. */
double eval_curve_threshold(int point);
/* Of the masks above it, the share that is right at eval_levels[level]; and the share of segments that
 * they find. */
double eval_precision(const struct eval_sums *sums, enum eval_range range, int point, int level);
double eval_recall(const struct eval_sums *sums, enum eval_range range, int point, int level);

struct eval_figure {
    char name[40]; /* "miou_1_click", "ar_at_100_small" */
    double value;  /* NaN: a mean of nothing */
};

enum { EVAL_FIGURES = 128 };

/* All figures but the curve, always the same ones in the same order: first those of all segments, then
 * those of each size. Returns their number. */
size_t eval_figures(struct eval_sums *sums, struct eval_figure figures[EVAL_FIGURES]);

#endif
