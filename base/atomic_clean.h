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

/* Cleans one folder, not the folders in it. Files of the `dead` are removed as well: writers
 * [dead_count] that are known to be gone, on whatever host they ran. *removed (may be NULL) counts
 * the files. A missing folder is no error. Returns 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int atomic_clean_folder(const char *folder, const struct atomic_writer *dead, size_t dead_count,
                        size_t *removed, struct error *error);

/* Cleans a folder and all folders below it. Symbolic links are not followed. */
int atomic_clean(const char *folder, size_t *removed, struct error *error);

/* Cleans the folder that `path` lies in and ignores errors. */
void atomic_clean_beside(const char *path);

#endif
