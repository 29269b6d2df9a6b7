/* collection_parts.h - what the parts of collection.h share:
 *
 *   submit_list.c      every item of the list
 *   submit_tar.c       every image of a tar
 *   submit_spool.c     every shard of a store
 *   collection.c       the stages that they go through
 */
#ifndef PROGRAM_RUN_COLLECTION_PARTS_H
#define PROGRAM_RUN_COLLECTION_PARTS_H

#include <stddef.h>

#include "program/run/collection.h"
#include "program/run/sink.h"

struct item;
struct list_item;

struct collection {
    struct run *run;
    struct sink sink;
    struct item *items; /* [item_count] */
    size_t item_count;
    struct queue *idle; /* items that are free */
    struct workers *workers;
};

/* Submits every image of a tar that the list names. A tar that cannot be read to its end counts as
 * one failed image, unless it is the machine's fault. Returns 0, or -1 with an error that ends the
 * run. */
int collection_submit_tar(struct collection *collection, const struct list_item *listed,
                          struct error *error);

/* Submits the shards of a run with --spool, which must be open, and gives those that are published already to
 * its putting thread. Returns as collection_submit_tar. */
int collection_submit_spool(struct collection *collection, struct error *error);

#endif
