/* record_walk.h - all records under a folder, in the sorted order of their names. */
#ifndef RECORDS_RECORD_WALK_H
#define RECORDS_RECORD_WALK_H

struct error;

/* Called for each record file: `path` to open it, `name` relative to the folder, without ".json".
 * Returns 0 to go on, anything else to end the walk. */
typedef int record_visit(void *context, const char *path, const char *name, struct error *error);

/* Visits every NAME.json under `folder`, depth first, the names of one folder sorted by their
 * bytes, so that the order is the same on every machine. Left out: names that begin with '.' (a
 * run's own files are in such a folder), at the top level folders that begin with '@' (the other
 * formats of a run), and symbolic links to folders. `folder` may also be one record file. Memory:
 * the names of the folders on the current path. Returns 0, -1 with ERROR_IO or ERROR_MEMORY, or
 * what `visit` returned. */
int record_walk(const char *folder, record_visit *visit, void *context, struct error *error);

#endif
