/* item.h - one image of a run on its way through the stages: read, compute, write. */
#ifndef PROGRAM_RUN_ITEM_H
#define PROGRAM_RUN_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "images/image.h"
#include "records/record.h"

struct run;

/* A zeroed item is ready to be filled with path and key; with an error already set it fails in
 * item_read. */
struct item {
    char *path; /* owned: what to open; for a tar's member the name for messages */
    char *key;  /* owned: the relative name, with its extension */
    char *tar;  /* owned: key of the tar that it lies in, or NULL */
    void *file; /* owned: the encoded image, for a tar's member; else NULL */
    size_t file_size;
    struct image image;
    struct record record;
    struct error error; /* of this image; code ERROR_NONE while all is well */
    double seconds;     /* of work so far, over all stages */
    uint64_t bytes;     /* of the record written */
    uint32_t worker;
    bool dropped; /* the run ends: the image is neither done nor failed */
};

/* The stages, in this order, each on a thread that owns the item meanwhile. They return 0 when the
 * next may follow, else -1: then item->error says what is wrong with the image, unless it is
 * dropped. Faults of the file system are retried as the options say; those that concern the whole
 * run end it (run_fail). */
int item_read(struct run *run, struct item *item);
int item_compute(struct run *run, struct item *item, int worker);
int item_write(struct run *run, struct item *item);

/* Frees everything but the memory of the pixels, which the next image uses again. */
void item_clear(struct item *item);

/* Frees the pixels as well. */
void item_free(struct item *item);

#endif
