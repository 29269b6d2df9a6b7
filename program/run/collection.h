/* collection.h - takes images through the stages of a run: read, compute, and what its sink does. */
#ifndef PROGRAM_RUN_COLLECTION_H
#define PROGRAM_RUN_COLLECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/run/sink.h"

struct collection;
struct error;
struct run;

/* An image to take through the stages. All borrowed but `given`. */
struct submission {
    const char *path, *key;
    uint64_t line;     /* of the text list, from 1; 0: not from there */
    const char *tar;   /* key of the tar that it lies in, or NULL */
    const void *bytes; /* [size] the encoded image, of a tar's member; NULL: in the file */
    void *given; /* the same, from malloc and taken over whatever happens; NULL: see `bytes` */
    size_t size;
    const struct error *fault; /* why it has failed already, or NULL */
    bool shares_record;        /* it has failed because an earlier image writes the same record */
    void *tag;                 /* item->tag */
    uint64_t place;            /* item->place */
    enum sink_mark mark;
};

/* Starts the threads. The workers of `run` must have been made (run_setup.h); run and what the sink
 * points to must outlive the collection. NULL with ERROR_MEMORY; freed with collection_close. */
struct collection *collection_open(struct run *run, const struct sink *sink, struct error *error);

/* Takes an image through the stages; waits while all items are in use. Returns 0, or -1 with
 * ERROR_MEMORY. Called by one thread. */
int collection_submit(struct collection *collection, const struct submission *image,
                      struct error *error);

/* The size in bytes up to which encoded images may be submitted from memory. A larger one is only read
 * once all others are finished (collection_settle): while they wait, they are in no budget. */
size_t collection_waiting_bytes(const struct collection *collection);

/* Waits until all submitted images are finished and settled. */
void collection_settle(struct collection *collection);

/* Does the same, ends the threads and frees. NULL is allowed. */
void collection_close(struct collection *collection);

/* Takes all images of the run's list through the stages. Returns 0 at their end or if the run was
 * asked to stop, -1 on a failure that ends the run. */
int collection_run(struct run *run, const struct sink *sink, struct error *error);

#endif
