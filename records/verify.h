/* verify.h - reads records and reports their faults. */
#ifndef RECORDS_VERIFY_H
#define RECORDS_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct image_pool;

struct verify_job {
    const char *records;     /* a folder of records, or one record file */
    const char *images;      /* the folder of the images; NULL: images are not checked */
    bool trust_folder;       /* of records (folder.h) */
    uint64_t max_pixels;     /* of a record's image; 0: no limit */
    struct image_pool *pool; /* reads what is read of images */
    /* Called for each fault: the record's path, the annotation's index (-1 outside any), and the
     * reason in one line. */
    void (*found)(void *context, const char *path, long annotation, const char *reason);
    void *context;
    uint64_t records_read, annotations, faults; /* counted by verify_records */
};

/* Checks every record: all that record_parse checks, that the record is named after its file_name
 * (if it says one), that no two records have the same image id, and, where the folder has
 * embeddings, that each record has as many as masks. With `images`, also that the
 * image exists and its header gives the record's size. Memory: 8 bytes a record. Returns 0 if all
 * records were read, with or without faults, or -1 with ERROR_IO or ERROR_MEMORY if the folder
 * cannot be walked. */
int verify_records(struct verify_job *job, struct error *error);

#endif
