/* review_session.h - the run that is reviewed: its rows as they were when the review began, its records and
 * its photographs. Any thread may read it once it is open. */
#ifndef PROGRAM_REVIEW_REVIEW_SESSION_H
#define PROGRAM_REVIEW_REVIEW_SESSION_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "program/report/report_run.h"
#include "program/review/review_texts.h"

struct error;
struct folder;
struct image_pool;
struct record;
struct settings;

/* Begins with all zeros. */
struct review_session {
    const struct settings *settings; /* borrowed */
    struct image_pool *pool;         /* borrowed: decodes */
    struct folder *folder;           /* owned: of the run */
    struct folder *images;           /* owned: of the photographs; NULL: none is known */
    struct review_texts texts;       /* of records without a file of their own */
    struct report_source source;     /* its photos: what the page is shown */
    struct report_run run;
    _Atomic uint64_t *
        seen; /* [rows] owned: review_record_hash of each record when it was read first; 0: not yet */
};

/* Opens the run `records` and reads it once for its rows and statistics, without photographs. Returns 0, or
 * -1 with ERROR_USAGE (no records), ERROR_IO or ERROR_MEMORY. The caller
 * calls review_session_close in either case. */
int review_session_open(struct review_session *session, const struct settings *settings,
                        struct image_pool *pool, const char *records, struct error *error);
void review_session_close(struct review_session *session);

/* How many rows there are. */
size_t review_session_rows(const struct review_session *session);

/* The image of a row: the file_name of its record. */
const char *review_session_name(const struct review_session *session, size_t row);

/* Reads the record of a row into `record`, which is zeroed; freed with record_free. Returns 0, or -1 with
 * ERROR_RECORD (it has none, is damaged, is about another image by now, or has other masks than when it was read
 * first: the page shows those, and their ids mean other masks now), ERROR_IO or ERROR_MEMORY. */
int review_session_record(const struct review_session *session, size_t row, struct record *record,
                          struct error *error);

#endif
