/* atomic_sync.h - syncs files and folders to the disk, and makes folders durably. */
#ifndef BASE_ATOMIC_SYNC_H
#define BASE_ATOMIC_SYNC_H

#include <stddef.h>

struct error;

/* The length of a path's folder without the '/' that ends it: 0 for the working folder, 1 for "/".
 */
size_t atomic_folder_length(const char *path);

/* A path's folder, "." for the working folder. Freed by the caller; NULL when memory is short. */
char *atomic_folder_of(const char *path);

/* fsync(2), repeated after EINTR. Returns 0, or -1 with errno set. */
int atomic_sync_file(int fd);

/* Syncs `folder`, an open folder, after a change to a name in it. File systems that cannot sync
 * folders (EINVAL, as some network ones) count as synced. `path` is of a file in it, for messages.
 * Returns 0, or -1 with ERROR_IO. */
int atomic_sync_parent(int folder, const char *path, struct error *error);

/* Makes the folder `path` and its missing parents (mode 0777 less the umask) and syncs them.
 * A folder that exists is fine. Returns 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int atomic_make_folder(const char *path, struct error *error);

#endif
