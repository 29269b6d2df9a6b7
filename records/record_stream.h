/* record_stream.h - all records under a folder, read by all cores and given one by one in order. */
#ifndef RECORDS_RECORD_STREAM_H
#define RECORDS_RECORD_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "records/record.h"

struct record_fault {
    long annotation; /* -1 outside any */
    char *reason;    /* owned */
};

/* One record file; everything is the stream's and freed after the visit. */
struct record_entry {
    const char *path;     /* to open it */
    const char *name;     /* relative to the folder, without ".json" */
    bool usable;          /* whether `record` was read; with every_fault it may lack annotations */
    struct record record; /* empty unless usable */
    struct error error;   /* why not; also of `work` */
    struct record_fault *faults; /* [fault_count], with every_fault only */
    size_t fault_count, fault_capacity;
    void *data; /* what `work` left for `visit`, freed with free(3) */
};

struct record_stream {
    bool every_fault; /* collect all faults of a record instead of the first (record_faults) */
    /* Called for each usable entry by any thread, entries at the same time; may be NULL. */
    void (*work)(void *context, struct record_entry *entry);
    /* Called for every entry by the calling thread, in the order of record_walk. Returns 0 to go
     * on, anything else to end. */
    int (*visit)(void *context, const struct record_entry *entry, struct error *error);
    void *context;
};

/* Reads everything that record_walk finds under `folder`. Returns 0, -1 (ERROR_IO: the folder;
 * ERROR_MEMORY), or what `visit` returned. */
int record_stream(const struct record_stream *stream, const char *folder, struct error *error);

/* Adds a fault to an entry, for `work`; where memory is short entry->error says so. */
void record_entry_fault(struct record_entry *entry, long annotation, const char *reason);

#endif
