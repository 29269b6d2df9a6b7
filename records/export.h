/* export.h - records that are already written, in other formats. */
#ifndef RECORDS_EXPORT_H
#define RECORDS_EXPORT_H

#include <stddef.h>
#include <stdint.h>

struct atomic_batch;
struct error;
struct writer;

struct export_job {
    const char *records; /* a folder of records, or one record file */
    const char *images;  /* the folder that their file_name is relative to, or NULL */
    /* Instead of `images`: the path of an image, free(3), or NULL where it is not to be found. */
    char *(*find_image)(void *context, const char *file_name);
    struct writer *const *writers;
    size_t writer_count;
    struct atomic_batch *batch; /* the writers', flushed when due; NULL: none */
    /* Called for each record that is left out, with its path and the reason in one line. */
    void (*refused)(void *context, const char *text);
    void *context;
    uint64_t done, failed; /* counted up by export_records */
};

/* Streams every record, in sorted order, to every writer. A record that is unusable, or that a
 * writer refuses, is reported and left out; the others go on. Writers stay open.
 * Returns 0, or -1 where the work cannot go on (ERROR_IO, ERROR_MEMORY): then the writers can only
 * be abandoned. */
int export_records(struct export_job *job, struct error *error);

#endif
