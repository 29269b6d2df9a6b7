/* record_walk.h - all records under a folder, sorted by name. */
#ifndef RECORDS_RECORD_WALK_H
#define RECORDS_RECORD_WALK_H

#include <stdbool.h>

struct error;
struct folder;

/* Called for each record file: `file` is its name below the folder, `name` the same without ".json".
 * Returns 0 to go on; anything else stops the walk. */
typedef int record_visit(void *context, const char *file, const char *name, struct error *error);

/* Visits every NAME.json under `folder`, records.ndjson, and every NAME.tar that has NAME.ndjson beside
 * it, as `run --to tar` writes them, depth first. Names in a folder are
 * sorted by their bytes, so the order is the same on every machine. Records of hidden images are
 * visited as well. Skipped are symbolic links to folders, at the top the run's own folder
 * `.maskmill` and folders that begin with '@', which are reserved for other formats, and what
 * systems keep in a folder: names that begin with "._", ".snapshot", ".zfs", ".Trash" or ".git".
 * Links, pipes and devices are visited: whoever opens one finds out what it is (folder.h). A folder
 * of PNG files (record_png.h) is visited with its metadata.csv and the folder's name; so is `folder`
 * if it is one itself. A folder that cannot be listed is visited like a record, with a name that ends
 * in '/', which cannot be read either. Memory: the names in the folders on the current path. Returns
 * 0, -1 with ERROR_IO or ERROR_MEMORY, or what `visit` returned. */
int record_walk(const struct folder *folder, record_visit *visit, void *context,
                struct error *error);

/* The same with all files of NDJSON, not only records.ndjson. */
int record_walk_ndjson(const struct folder *folder, record_visit *visit, void *context,
                       struct error *error);

/* Visits one file in the folder, as the walk does. */
int record_walk_file(const struct folder *folder, const char *file, record_visit *visit,
                     void *context, struct error *error);

/* Whether a file's name is that of records: NAME.json, any in .ndjson or .jsonl, or a tar. */
bool record_walk_is_record(const char *file);

#endif
