/* export.h - converts records to other formats. */
#ifndef RECORDS_EXPORT_H
#define RECORDS_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct atomic_batch;
struct error;
struct image_place;
struct image_pool;
struct review;
struct writer;

struct export_job {
    const char *records; /* a folder of records, or one record file */
    /* The folder that file_name is relative to, or NULL. Images that their records do not name are
     * found there by the records' own names. */
    const char *images;
    bool trust_folder; /* of records, and of images (folder.h) */
    /* Instead of `images`, may be NULL: where an image is. False if it is not found. */
    bool (*find_image)(void *context, const char *file_name, struct image_place *place);
    uint64_t max_pixels; /* of a record's image; 0: no limit */
    /* What people decided (review_apply.h); NULL: records are written as they are. */
    const struct review *review;
    bool accepted_only;      /* with a review */
    struct image_pool *pool; /* reads what is read of images */
    struct writer *const *writers;
    size_t writer_count;
    struct atomic_batch *batch; /* the writers' batch, flushed when due; may be NULL */
    /* Called for each skipped record, with its path and the reason in one line. */
    void (*refused)(void *context, const char *text);
    void *context;
    /* Counted by export_records. Unnamed ones are done, but only with the record's own name for
     * their image's. The review drops some. */
    uint64_t done, failed, unnamed, dropped;
};

/* Streams all records, in sorted order, to all writers. A record that is unusable is reported and
 * skipped, also if a review is not of it; one that a writer refuses, for that writer. Images that were
 * reviewed and have no usable record are reported, too, and count as failed. Writers stay open. Returns 0, or -1 if the
 * export cannot go on (ERROR_IO, ERROR_MEMORY): then the writers can only be abandoned. */
int export_records(struct export_job *job, struct error *error);

#endif
