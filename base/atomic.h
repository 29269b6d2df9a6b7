/* atomic.h - files that are complete or not there at all, even after kill -9 and power loss.
 *
 * The bytes go to a temporary file in the destination's folder (`.NAME.WRITER.N.maskmill-tmp`),
 * then fsync, rename over the destination, and fsync of the folder. The destination itself is never
 * opened for writing. Until its folder is synced a renamed file is visible, but a power loss may
 * take it back; so what says "done" (a ledger) must wait for that. One fsync of a folder serves
 * many files:
 *
 *     worker:  atomic_write(path, bytes, size, batch, &error)    file durable, name not yet
 *              remember the image's ledger line
 *     writer:  if (atomic_batch_due(batch)) {
 *                  take the lines remembered up to now
 *                  atomic_batch_flush(batch, &error)              names durable
 *                  append those lines to the ledger
 *              }
 *
 * The lines must be taken before the flush: it covers the files committed before it began.
 * Every error keeps errno in error->system. EINTR, short writes and failing closes are handled.
 */
#ifndef BASE_ATOMIC_H
#define BASE_ATOMIC_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* Folders with renames that are not synced yet. All functions may be called from any thread. */
struct atomic_batch;

/* A batch that is due after `files` commits, or `seconds` after the first of them, whichever comes
 * first. Returns NULL with ERROR_MEMORY. */
struct atomic_batch *atomic_batch_new(size_t files, double seconds, struct error *error);

/* Frees the batch; folders not flushed are forgotten (the files stay). NULL is allowed. */
void atomic_batch_free(struct atomic_batch *batch);

/* Whether a flush is due. */
bool atomic_batch_due(struct atomic_batch *batch);

/* Syncs every folder with commits since the last flush. Returns 0 when all files committed before
 * the call are durable, or -1 with ERROR_IO; the folders that failed stay in the batch. A file
 * system that cannot sync folders (EINVAL, as some network ones) counts as durable. */
int atomic_batch_flush(struct atomic_batch *batch, struct error *error);

/* Replaces `path` by `size` bytes; missing parent folders are made. With batch NULL the folder is
 * synced at once. Returns 0, or -1 with ERROR_IO or ERROR_MEMORY: then the temporary file is
 * removed and the destination is as it was (or, where only the sync of the folder failed,
 * complete). */
int atomic_write(const char *path, const void *bytes, size_t size, struct atomic_batch *batch,
                 struct error *error);

/* One file being written in pieces, buffered. A struct of the caller's, one thread at a time. */
struct atomic_file {
    char *path, *temporary; /* owned */
    int fd;                 /* -1 when not open */
    size_t used;            /* bytes in the buffer */
    unsigned char *buffer;  /* [ATOMIC_BUFFER] owned */
};

enum { ATOMIC_BUFFER = 1 << 16 };

/* Opens a temporary file for `path`, making missing parent folders. Returns 0, or -1 (ERROR_IO,
 * ERROR_MEMORY) with nothing left behind. */
int atomic_open(struct atomic_file *file, const char *path, struct error *error);

/* Appends bytes. On -1 (ERROR_IO) the file can only be abandoned. */
int atomic_append(struct atomic_file *file, const void *bytes, size_t size, struct error *error);

/* Makes the file visible under its name, as atomic_write; closes and frees in any case. */
int atomic_commit(struct atomic_file *file, struct atomic_batch *batch, struct error *error);

/* Removes the temporary file, closes and frees. No effect on a zeroed or committed struct. */
void atomic_abandon(struct atomic_file *file);

/* Makes the folder `path` and its missing parents (mode 0777 less the umask), each durable before
 * this returns. 0 or -1 (ERROR_IO). */
int atomic_make_folder(const char *path, struct error *error);

/* Who wrote a temporary file, as atomic_name.h has it. */
struct atomic_writer;

/* Removes left-over temporary files in `folder` itself, not below it: those of this host whose
 * process is gone, those of other hosts (or other PID name spaces) that have not changed for a day,
 * and those of the `dead`, writers that are known to be gone wherever they were. *removed (may be
 * NULL) counts them. A missing folder is no error. Returns 0 or -1 (ERROR_IO). */
int atomic_clean_folder(const char *folder, const struct atomic_writer *dead, size_t dead_count,
                        size_t *removed, struct error *error);

/* As atomic_clean_folder without anybody known to be dead, recursively (links are not followed). */
int atomic_clean(const char *folder, size_t *removed, struct error *error);

/* As atomic_clean_folder for the folder that `path` lies in, as well as it can be done. */
void atomic_clean_beside(const char *path);

#endif
