/* verify.h - reads records back and finds what is wrong with them. */
#ifndef RECORDS_VERIFY_H
#define RECORDS_VERIFY_H

#include <stdint.h>

struct error;

struct verify_job {
    const char *records; /* a folder of records, or one record file */
    const char *images;  /* the folder that their file_name is relative to; NULL: not looked at */
    /* Called for each fault: the record's path, the annotation's index (-1 outside any), and the
     * reason in one line. */
    void (*found)(void *context, const char *path, long annotation, const char *reason);
    void *context;
    uint64_t records_read, annotations, faults; /* counted up by verify_records */
};

/* Checks every record: all that record_parse checks, that the record's name fits its file_name,
 * that no two records have one image id, and with `images` that the image is there and of that size
 * (from its header; image_library_start must have been called). Memory: 8 bytes a record.
 * Returns 0 when all were read, whatever was found; -1 with ERROR_IO or ERROR_MEMORY where the
 * folder cannot be walked. */
int verify_records(struct verify_job *job, struct error *error);

#endif
