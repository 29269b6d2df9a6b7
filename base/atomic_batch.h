/* atomic_batch.h - folders whose renamed files wait for one fsync together.
 *
 * All functions may be called from any thread. */
#ifndef BASE_ATOMIC_BATCH_H
#define BASE_ATOMIC_BATCH_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct atomic_batch;

/* A batch that is due after `files` commits or `seconds` after the first one, whichever comes
 * first, or when 128 folders wait. Returns NULL with ERROR_MEMORY. */
struct atomic_batch *atomic_batch_new(size_t files, double seconds, struct error *error);

/* Frees the batch and forgets unsynced folders; the files stay. NULL is allowed. */
void atomic_batch_free(struct atomic_batch *batch);

/* Notes that a file was renamed to `path` in `folder`, the open folder that it lies in, which may be
 * closed afterwards. Syncs the folder at once if memory or descriptors are too few to note it.
 * Returns 0, or -1 with ERROR_IO if that failed, too. */
int atomic_batch_add(struct atomic_batch *batch, int folder, const char *path, struct error *error);

/* Whether a flush is due. */
bool atomic_batch_due(struct atomic_batch *batch);

/* Syncs every folder that had a commit since the last flush. Returns 0 when all files committed
 * before the call are durable, or -1 with ERROR_IO or ERROR_MEMORY; folders that failed stay in the
 * batch. */
int atomic_batch_flush(struct atomic_batch *batch, struct error *error);

#endif
