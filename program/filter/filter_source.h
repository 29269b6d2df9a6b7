/* filter_source.h - what the records that are filtered say of how they were made: the run file of the
 * folder that they lie in. */
#ifndef PROGRAM_FILTER_FILTER_SOURCE_H
#define PROGRAM_FILTER_FILTER_SOURCE_H

#include <stdbool.h>

#include "base/path.h"
#include "jobs/runfile.h"
#include "program/settings.h"

struct error;

/* In a folder that `filter` has written: the fields of the run's own file, as far as there was one,
 * with the options that were given. */
#define FILTER_FILE PATH_RUN_FOLDER "/filter.json"

struct filter_source {
    /* Options of `run`. Those that the file has, and `filter` has to know, come from SOURCE_CONFIG. */
    struct settings settings;
    struct runfile_list file; /* all of its fields; empty for records of others */
};

/* Reads the file of the records at `path`, a folder or a file. Freed by filter_source_free also after
 * -1 (ERROR_USAGE: a damaged file; ERROR_IO, ERROR_MEMORY). */
int filter_source_read(struct filter_source *source, const char *path, bool trust_folder,
                       struct error *error);
void filter_source_free(struct filter_source *source);

/* Copies the fields of the file into `fields`, which is zeroed; for records of others, the program's version. 0 or -1
 * (ERROR_MEMORY). */
int filter_source_fields(const struct filter_source *source, struct runfile_list *fields,
                         struct error *error);

#endif
