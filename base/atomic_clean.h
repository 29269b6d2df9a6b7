/* atomic_clean.h - removes temporary files (atomic.h) whose writers died.
 *
 * A temporary file is removed if its writer ran on this machine since its last boot and is gone, or
 * if it ran elsewhere (or in another PID name space, or before the boot) and the file has not
 * changed for a day. */
#ifndef BASE_ATOMIC_CLEAN_H
#define BASE_ATOMIC_CLEAN_H

#include <stddef.h>

struct atomic_writer;
struct error;
struct folder;

/* Cleans the folder `name` below `folder` ("": itself), not the folders in it. Files of the `dead`
 * are removed as well: writers [dead_count] that are known to be gone, on whatever host they ran.
 * *removed counts the files. Where `name` is no folder, nothing is to be done. Returns 0, or -1 with
 * ERROR_IO or ERROR_MEMORY. */
int atomic_clean_folder(const struct folder *folder, const char *name,
                        const struct atomic_writer *dead, size_t dead_count, size_t *removed,
                        struct error *error);

/* Cleans a folder and all folders below it. Symbolic links are not followed. *removed may be NULL.
 */
int atomic_clean(const struct folder *folder, size_t *removed, struct error *error);

/* Cleans the folder that `path` lies in, which the user has named, and ignores errors. */
void atomic_clean_beside(const char *path);

#endif
