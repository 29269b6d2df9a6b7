/* record_stream.h - all records under a folder, read in parallel and visited one by one in order.
 * A file of many images (record_collection.h) gives one entry for each, a folder of PNG files
 * (record_png.h) gives one. */
#ifndef RECORDS_RECORD_STREAM_H
#define RECORDS_RECORD_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "records/record.h"

struct image_pool;

enum { RECORD_FAULTS_MAX = 1000 }; /* that are kept of a record */

struct record_fault {
    long annotation; /* -1 outside any */
    char *reason;    /* owned */
};

/* One record. The stream owns all of it and frees it after the visit. */
struct record_entry {
    const char *path; /* for messages: of the file; of one image in a file of many: "FILE: IMAGE" */
    const char *name; /* relative to the folder, without ".json"; in a file of many images the
                             image's own, without its extension */
    const struct folder *folder; /* that the records lie in; NULL: in a file of many */
    const char *file;            /* the file's name below `folder`; NULL: in a file of many */
    char *text; /* the record as JSON, of one image in a file of many and of a folder of PNG
                   files; else NULL */
    size_t text_length;
    bool usable;          /* `record` was read; with every_fault, annotations may be missing */
    struct record record; /* empty unless usable */
    struct error error;   /* why it is not usable; also set by `work` */
    struct record_fault *faults; /* [fault_count], with every_fault only */
    size_t fault_count, fault_capacity;
    void *data; /* from `work` to `visit`; freed with free(3) */
};

struct record_stream {
    bool trust_folder;       /* of records (folder.h) */
    uint64_t max_pixels;     /* of a record's image (record_source); 0: no limit */
    struct image_pool *pool; /* reads folders of PNG files, and tars */
    bool every_fault; /* collect all faults of a record, not only the first (record_faults) */
    /* Called for every file of records, by the calling thread, in the order of record_walk: false
     * passes it over unread. NULL: all are read. */
    bool (*wanted)(void *context, const char *file);
    /* Called for each usable entry, by several threads at once; may be NULL. */
    void (*work)(void *context, struct record_entry *entry);
    /* Called for every entry by the calling thread, in the order of record_walk. Returns 0 to go
     * on; anything else stops. */
    int (*visit)(void *context, const struct record_entry *entry, struct error *error);
    void *context;
};

/* Reads everything that record_walk finds in the folder `path`, or the one file of records that it
 * is. Returns 0, -1 (ERROR_IO: the folder; ERROR_MEMORY), or what `visit` returned. */
int record_stream(const struct record_stream *stream, const char *path, struct error *error);

/* Reads one record that a visit gave a file of its own (`file`, below `folder`) into `record`, which is
 * zeroed. Of the stream max_pixels and pool are used. 0, or -1 with ERROR_RECORD, ERROR_IO or
 * ERROR_MEMORY and the record empty. */
int record_stream_read(const struct record_stream *stream, const struct folder *folder,
                       const char *file, struct record *record, struct error *error);

/* Adds a fault to an entry; for `work`. If memory is short, sets entry->error. */
void record_entry_fault(struct record_entry *entry, long annotation, const char *reason);

#endif
