/* report_rows.h - the images of a run in a report: a row each, in memory until the run has been
 * read, then written as the documents index-R-K. */
#ifndef PROGRAM_REPORT_REPORT_ROWS_H
#define PROGRAM_REPORT_REPORT_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_text;
struct report_output;

enum report_status { REPORT_DONE, REPORT_FAILED, REPORT_REFUSED };

struct report_row {
    char *name; /* owned: the image's path, bytes */
    char *file; /* owned: of the record, below the run's folder; NULL: not its own file */
    uint32_t width, height; /* pixels; 0: not known */
    enum report_status status;
    size_t masks;
    double iou, stability; /* means; NaN: no masks, or not recorded */
    double covered;        /* 0..1 */
    double seconds, time;  /* spent; since 1970; NaN: not recorded */
    long chunk;            /* of images-R-C; -1: none */
    char *reason;          /* owned; NULL unless failed or refused */
    bool missing;          /* its photograph was not found */
};

/* All zeros is an empty list. */
struct report_rows {
    struct report_row *items; /* [count] owned */
    size_t count, capacity;
};

/* Adds an empty row of that name; chunk -1, numbers NaN. NULL with ERROR_MEMORY. */
struct report_row *report_rows_add(struct report_rows *rows, const char *name,
                                   enum report_status status, struct error *error);

/* How many documents index-R-K the rows take. */
size_t report_rows_documents(const struct report_rows *rows);

/* Appends document `number`, below report_rows_documents, which does not depend on the run. */
void report_rows_put(const struct report_rows *rows, size_t number, struct json_text *text);

/* Writes the documents of run `run`. 0 or -1. */
int report_rows_write(const struct report_rows *rows, int run, struct report_output *output,
                      struct error *error);

void report_rows_free(struct report_rows *rows);

#endif
