/* folder_sink.h - images become files below the output folder, and lines of the ledger.
 *
 * A ledger line says "done" only after the output's folder has been synced; until then it waits.
 * Lines that cannot be written are dropped, so their images will be done again. So are lines of
 * records that went into the bare mount point of a file system that has been unmounted, or that a
 * model may have made whose file was changed under way. */
#ifndef PROGRAM_RUN_FOLDER_SINK_H
#define PROGRAM_RUN_FOLDER_SINK_H

#include "program/run/done_lines.h"
#include "program/run/sink.h"

struct run;

struct folder_sink {
    struct run *run;
    struct done_lines waiting; /* for the sync */
    double flushed;            /* time of the last one */
};

/* The sink of a run whose output folder, ledger and batch are open. `folder`, zeroed, must outlive it,
 * and is freed with folder_sink_free. */
struct sink folder_sink(struct folder_sink *folder, struct run *run);
void folder_sink_free(struct folder_sink *folder);

#endif
