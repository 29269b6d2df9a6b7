/* collection_parts.h - what the parts of collection.h share:
 *
 *   submit_list.c      every item of the list
 *   submit_tar.c       every image of a tar
 *   collection.c       the stages that they go through
 *   collection_done.c  what becomes of them in the ledger
 */
#ifndef PROGRAM_RUN_COLLECTION_PARTS_H
#define PROGRAM_RUN_COLLECTION_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct item;
struct list_item;
struct run;
struct tar_member;

struct collection {
    struct run *run;
    char *mended; /* owned: keys of folders that no longer fail, each with its NUL */
    size_t mended_used, mended_capacity;
    struct error mended_error; /* why one of them is missing there */
    struct item *items;        /* [item_count] */
    size_t item_count;
    struct queue *idle; /* items that are free */
    struct workers *workers;
    struct ledger_line *pending; /* owned; their names too */
    size_t pending_count, pending_capacity;
    double flushed; /* time of the last sync */
};

/* An image to take through the stages. All borrowed. */
struct submission {
    const char *path, *key;
    uint64_t line;                   /* of the text list, from 1; 0: not from there */
    const char *tar;                 /* key of the tar that it lies in, or NULL */
    const struct tar_member *member; /* its contents there, or NULL */
    const struct error *fault;       /* why it has failed already, or NULL */
};

/* Takes an image through the stages; waits while all items are in use. Returns 0, or -1 with
 * ERROR_MEMORY. Called by one thread. */
int collection_submit(struct collection *collection, const struct submission *image,
                      struct error *error);

/* Waits until all submitted images are finished and in the ledger. */
void collection_settle(struct collection *collection);

/* Submits everything in the list. Returns as collection_run. */
int collection_submit_list(struct collection *collection, struct error *error);

/* Submits every image of a tar that the list names. A tar that cannot be read to its end counts as
 * one failed image, unless it is the machine's fault. Returns 0, or -1 with an error that ends the
 * run. */
int collection_submit_tar(struct collection *collection, const struct list_item *listed,
                          struct error *error);

/* The image's outputs are written: its line waits for the sync of their folder. */
void collection_note_done(struct collection *collection, struct item *item);

/* The image has failed with item->error: writes its line. */
void collection_note_failed(struct run *run, struct item *item);

/* Syncs the outputs of all pending images, then writes their ledger lines. Lines that cannot be
 * written are dropped, so their images will be done again. So are lines of records that went into
 * the bare mount point of a file system that has been unmounted, or that a model may have made
 * whose file was changed under way. */
void collection_flush(struct collection *collection);

#endif
