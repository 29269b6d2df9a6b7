/* eval_pair.h - a photograph and the record of its true segments beside it. */
#ifndef PROGRAM_EVAL_EVAL_PAIR_H
#define PROGRAM_EVAL_EVAL_PAIR_H

#include <stdint.h>

struct error;
struct eval_image;
struct evaluator;
struct folder;

/* What is evaluated on each pair. */
struct eval_pair_options {
    const struct evaluator *evaluator; /* without `masks` */
    const struct folder *masks;        /* records to evaluate instead, or NULL */
    int64_t annotator;                 /* or SEGMENTS_FIRST_ANNOTATOR */
    uint64_t max_pixels;               /* records of larger images are refused; 0: no limit */
};

/* Evaluates one image. The true segments are in its path with the extension ".json"; the record in
 * `masks` is its key with that extension. Returns 0, or -1 as eval_with_model, or with ERROR_RECORD
 * (missing, damaged, no segment of the annotator). */
int eval_pair(const struct eval_pair_options *options, const char *path, const char *key,
              struct eval_image *out, struct error *error);

#endif
