/* tar_sink.h - images become the members of output tars, one for each input tar (tar_part.h), and lines of
 * the ledger.
 *
 * The thread that submits finds out what earlier starts have left (tar_shard.h); the finishing thread appends
 * to one output tar after the other. */
#ifndef PROGRAM_TARS_TAR_SINK_H
#define PROGRAM_TARS_TAR_SINK_H

#include <pthread.h>
#include <stdint.h>

#include "program/run/done_lines.h"
#include "program/run/sink.h"

struct run;
struct tar_shard;

struct tar_sink {
    struct run *run;
    pthread_mutex_t mutex;     /* guards `shards` */
    struct tar_shard *shards;  /* owned: those that were begun and have not ended */
    struct tar_shard *current; /* to which the finishing thread appends; NULL: between two */
    struct done_lines waiting; /* of the current one */
    double flushed;            /* time of its last sync */
    /* Called by the finishing thread once a tar is published as `tar`, a name below the output folder, and its
     * ledger line written. May be NULL. */
    void (*published)(void *context, const char *tar);
    void *context;
};

/* The sink of a run whose output folder and ledger are open. `tars`, zeroed but for `published`, must outlive
 * it, and is freed with tar_sink_free. */
struct sink tar_sink(struct tar_sink *tars, struct run *run);
void tar_sink_free(struct tar_sink *tars);

#endif
