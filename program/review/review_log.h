/* review_log.h - RUN/.maskmill/review.ndjson (records/review.h), open for appending.
 *
 * One process has a run's log, by the lock RUN/.maskmill/review.lock. An event is confirmed once its line
 * is on the disk: written by one write(2), then fdatasync. What a kill leaves of a line has no newline:
 * readers ignore it, and the next writer cuts it off. If a write or a sync fails, what it left is cut off
 * before the next one.
 *
 * Any thread may call these functions. */
#ifndef PROGRAM_REVIEW_REVIEW_LOG_H
#define PROGRAM_REVIEW_REVIEW_LOG_H

#include <stdint.h>

struct error;
struct folder;
struct record;
struct review;
struct review_event;
struct review_log;

/* Opens or makes the log of the run whose folder is `run`, which must outlive it. `by` is who reviews.
 * Returns NULL with ERROR_USAGE (`by` is no name), ERROR_STOPPED (another process has it), ERROR_RECORD (a line is no event), ERROR_IO or
 * ERROR_MEMORY. */
struct review_log *review_log_open(const struct folder *run, const char *by, struct error *error);

/* Opens the log for reading: an empty review if there is none. Appending is refused. No lock. */
struct review_log *review_log_look(const struct folder *run, struct error *error);

/* What a confirmed event was called. */
struct review_confirmed {
    uint64_t event; /* its number */
    int64_t mask;   /* its mask's id; -1: it has none */
};

/* Appends an event about the image of `record`, as review_event_request made it. A new mask without an id
 * gets one. Takes over what the event owns in any case. Returns 0 once it is confirmed; or -1, and it is
 * not in the log, with ERROR_USAGE (it makes no sense: there is no such mask, it has another size, the
 * record is not the one that was reviewed, the log is open for reading), ERROR_IO (it cannot be written)
 * or ERROR_MEMORY. */
int review_log_append(struct review_log *log, const struct record *record,
                      struct review_event *event, struct review_confirmed *confirmed,
                      struct error *error);

/* The review, as far as it is confirmed, held still until review_log_release by the same thread. */
const struct review *review_log_hold(struct review_log *log);
void review_log_release(struct review_log *log);

/* NULL is allowed. */
void review_log_close(struct review_log *log);

#endif
