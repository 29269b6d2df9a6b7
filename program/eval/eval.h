/* eval.h - how good masks are on photographs whose true segments are known: evaluates one pair of
 * image and record at a time and keeps the sums. */
#ifndef PROGRAM_EVAL_EVAL_H
#define PROGRAM_EVAL_EVAL_H

#include <stddef.h>
#include <stdint.h>

#include "program/eval/recall.h"
#include "rle/rle.h"

struct error;
struct folder;
struct image_pool;
struct mm_segmenter;
struct segments;

/* IoU with the true segment, summed over the clicks on segments of one size. */
struct eval_clicks {
    uint64_t clicks;
    double best_of_3;   /* of the best of the three masks */
    double best_scored; /* of the one with the highest predicted IoU */
};

/* Sums over all masks of all clicks: x the predicted IoU, y the actual one. */
struct eval_correlation {
    double count, x, y, xx, yy, xy;
};

/* Zeroed at first. */
struct eval_scores {
    uint64_t images;         /* pairs evaluated */
    uint64_t failed;         /* pairs that were left out */
    uint64_t masks;          /* automatic ones */
    uint64_t empty_segments; /* true segments without a pixel, left out */
    struct eval_clicks clicks[SIZES];
    struct eval_correlation correlation;
    struct recall recall;
};

/* The model or the records to evaluate, and the scores so far. */
struct evaluator {
    struct mm_segmenter *segmenter; /* of the model; NULL with `masks` */
    struct image_pool *pool;        /* reads the images; NULL with `masks` */
    const struct folder *masks;     /* records to evaluate instead, or NULL */
    int64_t annotator;              /* or SEGMENTS_FIRST_ANNOTATOR */
    uint64_t max_pixels;            /* records of larger images are refused; 0: no limit */
    struct eval_scores scores;
};

/* Evaluates one image. The true segments are in its path with the extension ".json"; the record in
 * `masks` is its key with that extension. Returns 0, or -1 with ERROR_IO, ERROR_IMAGE, ERROR_RECORD
 * (missing, damaged, another size, no segment of the annotator) or ERROR_MEMORY; of the sums only
 * `failed` has changed then. */
int eval_pair(struct evaluator *evaluator, const char *path, const char *key, struct error *error);

/* Evaluates the clicks only: one at the centre of each segment of `truth` (filters/centre.h). The
 * segmenter must have the image. Returns 0 or -1 (ERROR_MEMORY). */
int eval_clicks(struct eval_scores *scores, struct mm_segmenter *segmenter,
                const struct segments *truth, struct error *error);

/* A mask to evaluate; borrowed. */
struct eval_mask {
    struct rle rle; /* borrowed runs, of the size of the segments */
    double predicted_iou;
};

/* Evaluates the automatic masks only: sorts them in place by predicted IoU (stable) and counts the
 * segments that they find (recall.h). Returns 0 or -1 (ERROR_MEMORY). */
int eval_masks(struct eval_scores *scores, const struct segments *truth, struct eval_mask *masks,
               size_t count, struct error *error);

#endif
