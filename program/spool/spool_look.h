/* spool_look.h - asks the store about a shard before its tar is fetched: is it done, by whom, and with what
 * configuration? */
#ifndef PROGRAM_SPOOL_SPOOL_LOOK_H
#define PROGRAM_SPOOL_SPOOL_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/spool/spool_marker.h"

struct error;
struct list_item;
struct prefetch_file;
struct run;
struct transfer_patience;

/* A shard that was asked for. */
struct spool_shard {
    char *key;     /* owned: of its tar */
    char *name;    /* owned: of its output, without ".tar" */
    size_t folder; /* as in struct list_item */
    uint64_t line;
    bool published; /* its output is in DIR/out */

    /* Set by spool_look. */
    bool done; /* its marker is in the store, and `lines` are here */
    struct spool_marker marker;
    char *lines; /* owned: path of its fetched NDJSON file */
};

/* Returns NULL with ERROR_MEMORY; freed with spool_shard_free. */
struct spool_shard *spool_shard_new(const struct list_item *item, struct error *error);

/* `tag` is a struct spool_shard. Removes its fetched lines. NULL is allowed. */
void spool_shard_free(void *tag);

/* As struct prefetch_options says of `needed`; `context` is the run, file->tag the shard.
 *
 * Returns 0 if the shard is done, with its lines fetched; or, with --retry-failed, if no image of it has
 * failed, or if it is not done: that is no matter of this start. Else 1; with --retry-failed its former output
 * is in DIR/out then. -1 with ERROR_USAGE if it was done with another configuration, unless --extend says that
 * it may be. The marker is asked for once: if that fails, or it is damaged, it is taken to be absent. */
int spool_look(void *context, struct prefetch_file *file, const struct transfer_patience *patience,
               struct error *error);

#endif
