/* atomic.h - files that are complete or absent, even after kill -9 and power loss.
 *
 * The bytes go to a temporary file in the destination's folder (`.NAME.WRITER.N.maskmill-tmp`).
 * Then follow fsync, rename over the destination, and fsync of the folder. The destination itself
 * is never opened for writing. All this is done by a handle of the folder that the destination lies
 * in (folder.h), so nobody can lead it elsewhere meanwhile; a link in the destination's place is
 * replaced. Until its folder is synced, a renamed file is visible but may vanish
 * at a power loss, so whatever records "done" (a ledger) must wait for that. One fsync of a
 * folder serves many files:
 *
 *     worker:  atomic_write(folder, name, bytes, size, batch, &error)   bytes durable, name not yet
 *              queue the item's ledger line
 *     writer:  if (atomic_batch_due(batch)) {
 *                  take the lines queued so far
 *                  atomic_batch_flush(batch, &error)              names durable
 *                  append those lines to the ledger
 *              }
 *
 * Take the lines before the flush: it covers files committed before it began.
 * Errors keep errno in error->system. EINTR, short writes and failing closes are handled.
 */
#ifndef BASE_ATOMIC_H
#define BASE_ATOMIC_H

#include <stddef.h>

#include "base/atomic_batch.h"

struct error;
struct folder;

/* Replaces the file `name` below `folder` by `size` bytes. Missing folders on the way are made. With
 * batch NULL the folder that it lies in is synced at once. Returns 0, or -1 with ERROR_IO or
 * ERROR_MEMORY: then the temporary file is removed and the destination unchanged (or complete, if
 * only the sync of the folder failed). */
int atomic_write(const struct folder *folder, const char *name, const void *bytes, size_t size,
                 struct atomic_batch *batch, struct error *error);

/* A file written in pieces through a buffer, by one thread at a time. Owned by the caller. */
struct atomic_file {
    char *path;            /* owned: for messages */
    char *temporary;       /* owned: name in its folder; NULL: not begun */
    int parent;            /* the folder that it lies in */
    int fd;                /* -1 when not open */
    size_t used;           /* bytes in the buffer */
    unsigned char *buffer; /* [ATOMIC_BUFFER] owned */
};

enum { ATOMIC_BUFFER = 1 << 16 };

/* Opens a temporary file for `name` below `folder`, which may be closed afterwards. Missing folders
 * on the way are made. Returns 0, or -1 with ERROR_IO or ERROR_MEMORY and nothing left behind. */
int atomic_open(struct atomic_file *file, const struct folder *folder, const char *name,
                struct error *error);

/* Appends bytes. After -1 (ERROR_IO) the file can only be abandoned. */
int atomic_append(struct atomic_file *file, const void *bytes, size_t size, struct error *error);

/* Appends what was appended to `from`, from byte `offset` on. After -1 (ERROR_IO) both can only be
 * abandoned. */
int atomic_copy(struct atomic_file *to, struct atomic_file *from, size_t offset,
                struct error *error);

/* Renames the file to its destination, as atomic_write does. Closes and frees it in any case. */
int atomic_commit(struct atomic_file *file, struct atomic_batch *batch, struct error *error);

/* Removes the temporary file, closes and frees. No effect on a zeroed or committed struct. */
void atomic_abandon(struct atomic_file *file);

#endif
