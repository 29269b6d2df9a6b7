/* eval.h - how good masks are, where the true segments of photographs are known: one pair of image
 * and record after another, and the sums over them.
 */
#ifndef PROGRAM_EVAL_EVAL_H
#define PROGRAM_EVAL_EVAL_H

#include <stddef.h>
#include <stdint.h>

#include "program/eval/recall.h"

struct predictor;
struct error;
struct generator;
struct image;
struct segments;

/* IoU with the true segment, summed over the clicks of one size of segments. */
struct eval_clicks {
    uint64_t clicks;
    double best_of_3;   /* of the best of the three masks */
    double best_scored; /* of the one with the highest predicted IoU */
};

/* Sums over all masks of all clicks: x the predicted IoU, y the actual one. */
struct eval_correlation {
    double count, x, y, xx, yy, xy;
};

/* All zeros is a valid start. */
struct eval_scores {
    uint64_t images; /* pairs that count */
    uint64_t failed; /* pairs that were left out */
    uint64_t masks;  /* automatic ones */
    struct eval_clicks clicks[SIZES];
    struct eval_correlation correlation;
    struct recall recall;
};

/* One tool or model at work. */
struct evaluator {
    struct predictor *predictor; /* NULL: no clicks */
    struct generator *generator; /* the automatic masks; not used with `masks` */
    const char *masks;           /* a folder of records to be judged instead, or NULL */
    int64_t annotator;           /* or SEGMENTS_FIRST_ANNOTATOR */
    struct eval_scores scores;
};

/* Judges one image: the truth is its path with the ending ".json"; the record in `masks` is its key
 * with that ending. Returns 0, or -1 with ERROR_IO, ERROR_IMAGE, ERROR_RECORD (missing, damaged, of
 * another size, no segment of the annotator) or ERROR_MEMORY; the sums are then as before, but for
 * `failed`. */
int eval_pair(struct evaluator *evaluator, const char *path, const char *key, struct error *error);

/* The clicks alone: one at the centre of each segment of `truth` (filters/centre.h), whose image is
 * the one that was encoded last. Returns 0 or -1 (ERROR_MEMORY). */
int eval_clicks(struct eval_scores *scores, struct predictor *predictor,
                const struct segments *truth, struct error *error);

/* A mask to be judged; borrowed. */
struct eval_mask {
    const struct rle *rle; /* of the size of the segments */
    double predicted_iou;
};

/* The automatic masks alone: ranks them in place by predicted IoU, equal ones in their order, and
 * counts what they find (recall.h). Returns 0 or -1 (ERROR_MEMORY). */
int eval_masks(struct eval_scores *scores, const struct segments *truth, struct eval_mask *masks,
               size_t count, struct error *error);

#endif
