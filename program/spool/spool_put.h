/* spool_put.h - puts the outputs of shards into the store, one shard after the other, beside the threads that
 * compute: NAME.tar, NAME.ndjson, then the marker. After that the local files are removed, the tar first:
 * that it is gone says that all three are in the store (spool.h). */
#ifndef PROGRAM_SPOOL_SPOOL_PUT_H
#define PROGRAM_SPOOL_SPOOL_PUT_H

struct error;
struct run;

/* Starts the thread. run->resources.spool must be open. 0, or -1 with ERROR_MEMORY. */
int spool_put_start(struct run *run, struct error *error);

/* Gives it the shard whose output tar is published as `tar`, a name below the run's folder; waits while two are
 * under way, which bounds what lies on the disk. If it cannot be put, the run ends with that error, unless it
 * was stopped: then the output stays for the next start. Any thread. */
void spool_put_give(struct run *run, const char *tar);

/* Waits until all are put, and ends the thread. */
void spool_put_finish(struct run *run);

/* Removes what a start that was killed has left of a shard that is put. `name` is its tar's without ".tar". 0
 * or -1. */
int spool_put_clean(const struct run *run, const char *name, struct error *error);

#endif
