/* eval_set.h - the figures of a data set, and of each of its classes. */
#ifndef PROGRAM_EVAL_EVAL_SET_H
#define PROGRAM_EVAL_EVAL_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/eval/eval_sums.h"

struct error;
struct eval_lines;

/* The segments of one class. */
struct eval_class {
    int32_t category;
    struct eval_sums sums; /* owned */
};

/* Zeroed at first. */
struct eval_set {
    struct eval_sums all;       /* owned */
    struct eval_class *classes; /* [class_count], owned; by category */
    size_t class_count, class_capacity;
};

/* Adds the outcomes of one set of the lines, in their order; of each class as well with `classes`. Returns
 * 0 or -1 as eval_lines_each; freed by eval_set_free in either case. */
int eval_set_read(struct eval_set *set, const struct eval_lines *lines, size_t index, bool classes,
                  struct error *error);
void eval_set_free(struct eval_set *set);

/* The figures of a set or a class: a row of a table. */
struct eval_row {
    char *name;  /* owned: of the data set */
    char *label; /* owned: of the class; NULL: all */
    uint64_t images, failed, segments;
    struct eval_figure figures[EVAL_FIGURES];
    size_t count;
};

/* Zeroed at first. */
struct eval_rows {
    struct eval_row *items; /* [count], owned */
    size_t count, capacity;
};

/* Adds the figures of `sums`. 0 or -1 (ERROR_MEMORY). */
int eval_rows_add(struct eval_rows *rows, struct eval_sums *sums, const char *name,
                  const char *label, struct error *error);

/* Adds the mean over the data sets, of each figure that any of them has; their images and segments are
 * added up. 0 or -1 (ERROR_MEMORY). */
int eval_rows_mean(struct eval_rows *rows, struct error *error);

/* The figure of that name; NaN: it has none. */
double eval_row_figure(const struct eval_row *row, const char *name);

void eval_rows_free(struct eval_rows *rows);

#endif
