/* review.h - what people decided about the masks of a run: the events of
 * RUN/.maskmill/review.ndjson (docs/review.md), replayed in memory.
 *
 * An event does not count if a later one that counts undoes it. What counts is applied in the order of
 * the file. Several threads may read a review at once, while none adds to it. */
#ifndef RECORDS_REVIEW_H
#define RECORDS_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/path.h"
#include "records/review_event.h"

struct error;
struct folder;
struct record;
struct review;

#define REVIEW_FILE PATH_RUN_FOLDER "/review.ndjson" /* in the run's folder */

/* A larger log is neither read nor written. Its replay takes up to six times its size. */
enum { REVIEW_FILE_MAX = 1 << 30 }; /* bytes */

enum review_decision { REVIEW_UNDECIDED, REVIEW_ACCEPTED, REVIEW_REJECTED };

/* A mask that an event is about. Texts belong to the review. */
struct review_mask {
    int64_t id;
    enum review_decision decision;
    bool added;             /* a person made it: it is not in the record */
    bool removed;           /* not there any more; also if its adding was undone */
    bool classed;           /* class_name was said */
    const char *class_name; /* NULL: it has none */
    const char *annotation; /* JSON text: its pixels are these; NULL: the record's */
};

struct review_image {
    const char *name; /* the record's file_name */
    size_t index;
    enum review_status status;
    uint64_t last;             /* number of the latest event */
    struct review_mask *masks; /* [mask_count] owned, by rising id */
    size_t mask_count;
    struct review_stored *events; /* [event_count] owned, in their order */
    size_t event_count, capacity;
};

/* An event of an image. */
struct review_stored {
    struct review_event event; /* owned; by and image are NULL */
    bool counts;
};

/* An empty review. NULL with ERROR_MEMORY; freed with review_free. */
struct review *review_new(struct error *error);

/* Reads the log of the run whose folder is `run`. A last line without a newline was never confirmed: it
 * is ignored, and *size (may be NULL) is where it begins, the size of what counts. Returns NULL with
 * ERROR_RECORD ("PATH, line 7: not an event: op is missing"), ERROR_IO (error->system is ENOENT if
 * there is no log) or ERROR_MEMORY. */
struct review *review_read(const struct folder *run, uint64_t *size, struct error *error);

/* NULL is allowed. */
void review_free(struct review *review);

/* Adds the next event, whose number must be the one after the last's, and replays its image. Takes over
 * what the event owns, and zeroes it, if it succeeds. 0 or -1 with ERROR_RECORD (it does not follow, or
 * undoes what is not there) or ERROR_MEMORY, and the review is as before. */
int review_add(struct review *review, struct review_event *event, struct error *error);

/* The number of the last event; 0: there is none. */
uint64_t review_last(const struct review *review);

/* The state of the image with this file_name; NULL: no event is about it. */
const struct review_image *review_of(const struct review *review, const char *name);

/* How many images have events, and the one of an index, in the order of their first events. */
size_t review_count(const struct review *review);
const struct review_image *review_at(const struct review *review, size_t index);

/* The mask of that id in an image's state; NULL: no event is about it. `image` may be NULL. */
const struct review_mask *review_mask_of(const struct review_image *image, int64_t id);

/* The image's event of that number; NULL: it has none. */
const struct review_event *review_event_of(const struct review_image *image, uint64_t number);

/* Whether any event of an image counts, beside undo. */
bool review_says(const struct review_image *image);

/* Whether events that count, beside undo, were about another record of the image: its ids and masks are
 * others now. `image` may be NULL. */
bool review_of_other_record(const struct review_image *image, uint64_t record);

/* What tells a record from others of its image: a hash of its size, its ids and their pixels. 0 or -1 with
 * ERROR_MEMORY. */
int review_record_hash(const struct record *record, uint64_t *hash, struct error *error);

#endif
