/* eval.h - evaluates one image whose true segments are known: a model, or masks of any tool. */
#ifndef PROGRAM_EVAL_EVAL_H
#define PROGRAM_EVAL_EVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "program/eval/eval_image.h"
#include "rle/rle.h"

struct error;
struct image_input;
struct image_pool;
struct mm_segmenter;
struct segments;

/* The model to evaluate, and how. */
struct evaluator {
    struct mm_segmenter *segmenter; /* borrowed */
    struct image_pool *pool;        /* borrowed; reads the images */
    int clicks;                     /* on each segment: 1..EVAL_CLICKS_MAX */
    bool boxes;                     /* and a box prompt for each */
};

/* Evaluates a model on one image: prompts on the segments (clicks.h) and automatic masks (eval_masks).
 * `truth` was chosen by segments_choose. `out` must be zeroed or freed; the caller frees it by
 * eval_image_free. Returns 0, or -1 with ERROR_IO, ERROR_IMAGE, ERROR_RECORD (another size than the
 * true segments, or too many of these) or ERROR_MEMORY and nothing in `out`. */
int eval_with_model(const struct evaluator *evaluator, const struct image_input *file,
                    const struct segments *truth, struct eval_image *out, struct error *error);

/* Evaluates masks that some tool wrote, in `found`. As eval_with_model, without prompts. */
int eval_with_masks(const struct segments *found, const struct segments *truth,
                    struct eval_image *out, struct error *error);

/* A mask to evaluate; borrowed. */
struct eval_candidate {
    struct rle rle; /* borrowed runs, of the size of the segments */
    double score;   /* predicted IoU */
};

/* Fills out->segments with truth->items[0..count): what they are, nothing measured. 0 or -1
 * (ERROR_MEMORY, or ERROR_RECORD for too many). */
int eval_begin(struct eval_image *out, const struct segments *truth, struct error *error);

/* Fills masks and overlaps of `out`, after eval_begin; sorts the candidates by score (stable). A mask is
 * compared with the segments of all annotators, truth->items[0..count + others), for eval_mask.best;
 * overlaps are with those of the chosen one. Returns 0 or -1 (ERROR_MEMORY). */
int eval_masks(struct eval_image *out, const struct segments *truth,
               struct eval_candidate *candidates, size_t count, struct error *error);

#endif
