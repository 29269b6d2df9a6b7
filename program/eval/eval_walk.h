/* eval_walk.h - evaluates the images of a data set one by one, and keeps each outcome as a line of
 * results. */
#ifndef PROGRAM_EVAL_EVAL_WALK_H
#define PROGRAM_EVAL_EVAL_WALK_H

#include <stdint.h>

struct data_set;
struct error;
struct eval_results;
struct evaluator;
struct folder;
struct progress;

/* All borrowed. */
struct eval_walk {
    const struct evaluator *evaluator; /* without `masks` */
    const struct folder *masks;        /* records to evaluate instead, NAME.json; or NULL */
    struct data_set *set;
    struct eval_results *results;
    int64_t annotator;         /* or SEGMENTS_FIRST_ANNOTATOR */
    uint64_t max_pixels;       /* records of larger images are refused; 0: no limit */
    int max_images;            /* 0: all */
    struct progress *progress; /* command_progress.h; may be NULL */
};

/* Evaluates the images that the results lack. What is wrong with an image is printed to standard error and
 * noted as its result. Of images of one name the first counts; *repeated gets the number of the others. Returns 0, or -1 with ERROR_IO (the results cannot be written, the data set cannot
 * be read, or it has no images) or ERROR_MEMORY; what the machine lacks is no image's fault. */
int eval_walk(const struct eval_walk *walk, uint64_t *repeated, struct error *error);

#endif
