/* record_walk.h - all records under a folder, sorted by name. */
#ifndef RECORDS_RECORD_WALK_H
#define RECORDS_RECORD_WALK_H

struct error;

/* Called for each record file. `name` is relative to the folder and without ".json". Returns 0 to
 * go on; anything else stops the walk. */
typedef int record_visit(void *context, const char *path, const char *name, struct error *error);

/* Visits every NAME.json under `folder`, and records.ndjson, depth first. Names in a folder are
 * sorted by their bytes, so the order is the same on every machine. Records of hidden images are
 * visited as well. Skipped are symbolic links to folders, at the top the run's own folder
 * `.maskmill` and folders that begin with '@', which are reserved for other formats, and what
 * systems keep in a folder: names that begin with "._", ".snapshot", ".zfs", ".Trash" or ".git".
 * A folder of PNG files (record_png.h) is visited
 * with the path of its metadata.csv and the folder's name. `folder` may also be one of these, one record file, or one of any name in .ndjson or .jsonl. A folder inside
 * that cannot be listed is visited like a record, with a path that ends in '/', which cannot be
 * read either. Memory: the names in the folders on the current path. Returns 0, -1 with ERROR_IO or
 * ERROR_MEMORY, or what
 * `visit` returned. */
int record_walk(const char *folder, record_visit *visit, void *context, struct error *error);

#endif
