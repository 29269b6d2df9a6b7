/* review_event.h - one event of a review: a line of RUN/.maskmill/review.ndjson (docs/review.md).
 *
 *   {"event": 18, "time": 1767225600.123, "by": "anna", "image": "a/b.jpg",
 *    "record": "09c1f2b3a4d5e6f7", "op": "reject", "mask": 12}
 *
 * Input is untrusted: all of it is validated. */
#ifndef RECORDS_REVIEW_EVENT_H
#define RECORDS_REVIEW_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "records/record.h"

struct error;

enum review_op {
    REVIEW_ACCEPT,
    REVIEW_REJECT,
    REVIEW_REOPEN,
    REVIEW_ADD,     /* a new mask */
    REVIEW_REPLACE, /* other pixels for a mask */
    REVIEW_REMOVE,
    REVIEW_CLASS, /* names a mask's class */
    REVIEW_IMAGE, /* a status of the whole image */
    REVIEW_UNDO   /* an earlier event of the image does not count */
};

enum review_status { REVIEW_OPEN_IMAGE, REVIEW_DONE, REVIEW_REJECTED_IMAGE };

enum {
    REVIEW_LINE_MAX =
        2 << 20,            /* bytes of a line; a request to the server has at most half of that */
    REVIEW_NAME_MAX = 4096, /* of `image` */
    REVIEW_TEXT_MAX = RECORD_CATEGORY_MAX /* of `by` and of a class */
};

/* New masks have ids up to this: what a double holds exactly. */
#define REVIEW_ID_MAX ((INT64_C(1) << 53) - 1)

/* Which members are set is told by `op`. */
struct review_event {
    uint64_t number; /* from 1; 0: not in a log yet */
    double time;     /* seconds since 1970 (UTC) */
    char *by;        /* owned: who; NULL: not in a log yet */
    char *image;     /* owned: the record's file_name; NULL: not in a log yet */
    bool of_record;  /* `record` is known */
    uint64_t record; /* review_record_hash of the record that was looked at */
    enum review_op op;
    int64_t mask;     /* id; REVIEW_ADD: -1, the log chooses one */
    uint64_t undoes;  /* number of an event */
    char *class_name; /* owned: NULL: no class */
    enum review_status status;
    char *annotation;       /* owned: JSON text of the new mask, in this program's own writing */
    uint32_t width, height; /* of the annotation's image */
};

/* Reads what is the same in a request to the server and in a line of the log: op and what belongs to
 * it. Members of other names are ignored. Returns 0, or -1 with ERROR_RECORD ("op is missing", ...) or
 * ERROR_MEMORY and nothing to free. */
int review_event_request(struct review_event *event, const json_t *object, struct error *error);

/* Gives a new mask its id. 0 or -1 (ERROR_MEMORY). */
int review_event_name_mask(struct review_event *event, int64_t id, struct error *error);

/* Reads a line of the log, of `length` bytes without its newline. As review_event_request. */
int review_event_line(struct review_event *event, const char *line, size_t length,
                      struct error *error);

/* The line of an event with all of its members, with a newline at its end; freed with free(3).
 * NULL with ERROR_MEMORY. */
char *review_event_text(const struct review_event *event, size_t *length, struct error *error);

/* Frees what the event owns and zeroes it. */
void review_event_free(struct review_event *event);

#endif
