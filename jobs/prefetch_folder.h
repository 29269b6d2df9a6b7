/* prefetch_folder.h - where a process keeps the files that it has fetched: SPOOL/in/WRITER/, WRITER as
 * in the names of temporary files (atomic_name.h). So no process, and no command that outlives one,
 * disturbs another. */
#ifndef JOBS_PREFETCH_FOLDER_H
#define JOBS_PREFETCH_FOLDER_H

#include <stddef.h>

struct atomic_writer;
struct error;
struct folder;

#define PREFETCH_FOLDER "in"

/* Makes this process's folder, empty, and removes those of processes that are gone: of this machine,
 * of the `dead` [dead_count], and those that have not changed for a day. Returns its path from the
 * root, freed with free(3); NULL with ERROR_IO or ERROR_MEMORY. */
char *prefetch_folder_make(const struct folder *spool, const struct atomic_writer *dead,
                           size_t dead_count, struct error *error);

/* Removes this process's folder with what is in it. */
void prefetch_folder_remove(const struct folder *spool);

#endif
