/* report_run.h - one run in a report: its records as documents, and what the page says of the run. */
#ifndef PROGRAM_REPORT_REPORT_RUN_H
#define PROGRAM_REPORT_REPORT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/report/report_photo.h"
#include "program/report/report_rows.h"

struct error;
struct folder;
struct json_text;
struct progress;
struct record;
struct report_comparison;
struct report_ledger;
struct report_output;
struct stats;

/* What is asked of a run. All borrowed. */
struct report_source {
    const char *records; /* folder or file, as given */
    bool trust_folder;   /* of records */
    uint64_t max_pixels; /* of a record's image */
    const struct folder
        *images; /* where records that do not name their image find it; NULL: nowhere */
    struct report_photos photos;
    size_t thumbs_most;     /* only so many rows get a thumbnail and a copy */
    const char *photo_root; /* URL of the folder of images, from the page; NULL: not linked */
    /* Called with the reason for each record that is left out, by the calling thread. */
    void (*refused)(void *context, const char *text);
    /* Keeps the text of a record that has no file of its own; 0 or -1. NULL: it is not kept. */
    int (*keep)(void *context, size_t row, const char *text, size_t length, struct error *error);
    void *context;
    struct progress *progress; /* command_progress.h; NULL: none is shown */
};

struct report_run {
    const struct report_source *source;
    int number;                   /* of the run: 0 or 1 */
    struct report_rows rows;      /* owned */
    struct stats *stats;          /* owned */
    struct report_ledger *ledger; /* owned; NULL: the records are no run's folder */
    size_t documents;             /* index-R-K */
    size_t refused, missing;      /* records, photographs */
    bool one_file;                /* a record is not a file of its own */
    bool like;                    /* there are documents like-R-C (report_like.h) */
};

/* How many record files a folder has; a file is one. 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int report_run_count(const char *records, bool trust_folder, size_t *count, struct error *error);

/* Reads the records and writes images-R-C, photo-R-ROW and index-R-K. Without an output (NULL) nothing is
 * written, and the chunk of a row with masks is the row itself. `run` is zeroed but for source and number. 0 or -1 with ERROR_IO, ERROR_USAGE (no records) or ERROR_MEMORY; the caller calls
 * report_run_free in either case. */
int report_run_write(struct report_run *run, struct report_output *output, struct error *error);

/* Completes a record that does not say its image's name or size, where its image is found; else it stays
 * as it is. Several threads may call it at once. 0 or -1 with ERROR_MEMORY. */
int report_run_complete(const struct report_source *source, struct record *record,
                        struct error *error);

/* Appends the run's member of the document `report`. 0 or -1 (ERROR_MEMORY). */
int report_run_describe(const struct report_run *run, struct json_text *text, struct error *error);

/* Appends the document `report` of runs[1], or of runs[2] with their comparison (NULL: there is one run).
 * 0 or -1 (ERROR_MEMORY). */
int report_put(const struct report_run *runs, const struct report_comparison *comparison,
               struct json_text *text, struct error *error);

void report_run_free(struct report_run *run);

#endif
