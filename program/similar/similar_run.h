/* similar_run.h - a run's embeddings, in an index that is made when it is first needed, and anew when they changed. */
#ifndef PROGRAM_SIMILAR_SIMILAR_RUN_H
#define PROGRAM_SIMILAR_SIMILAR_RUN_H

#include <stdint.h>

struct error;
struct folder;
struct progress;
struct search_index;
struct settings;

#define SIMILAR_INDEX "@embeddings.index"

/* Begins with all zeros. The index has an item for each record with a file of embeddings, in the order of record_walk,
 * by the record's name; of a file that cannot be used it has no rows. */
struct similar_run {
    const struct settings *settings; /* borrowed: trust_folder, index */
    struct folder *folder;           /* owned */
    struct search_index *index;      /* owned */
    struct progress *progress;       /* borrowed; NULL: none is shown */
    uint64_t refused;                /* files that could not be used, which has been said */
};

/* Opens the folder of a run and its index. An index fits the run if it has the same records in the same order, and files
 * of embeddings of the same sizes and times; another one is replaced. 0 or -1 (ERROR_USAGE: there are no embeddings;
 * ERROR_IO, ERROR_RECORD, ERROR_MEMORY). similar_run_close in any case. */
int similar_run_open(struct similar_run *run, const char *path, struct error *error);
void similar_run_close(struct similar_run *run);

#endif
