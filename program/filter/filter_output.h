/* filter_output.h - the folder that changed records go to: of filter, and of label. */
#ifndef PROGRAM_FILTER_FILTER_OUTPUT_H
#define PROGRAM_FILTER_FILTER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash_set.h"

struct atomic_batch;
struct error;
struct folder;
struct runfile_list;
struct settings;

/* Begins with all zeros. */
struct filter_output {
    struct folder *folder;      /* owned */
    struct atomic_batch *batch; /* owned */
    struct hash_set names;      /* of the records so far */
    bool was_empty;             /* nothing can be replaced */
};

/* Makes and opens the folder that -o names, which must not lie in `records`. Returns 0, or -1 with
 * ERROR_USAGE (it does; it is the folder of a run), ERROR_IO or ERROR_MEMORY. Closed by
 * filter_output_close in any case. */
int filter_output_open(struct filter_output *output, const char *records,
                       const struct settings *settings, struct error *error);

/* Takes the name of a record for one that is there. Returns 0, or -1 with ERROR_RECORD (the folder has no place
 * for it, or an earlier record of this call has it) or ERROR_MEMORY. */
int filter_output_claim(struct filter_output *output, const char *name, struct error *error);

/* Whether the record NAME.json may be written: that no other record of this call has its name, and that
 * no other content is there under it. Returns 0, or -1: with ERROR_RECORD for a name that is not free,
 * with ERROR_USAGE for other content, with ERROR_IO or ERROR_MEMORY. */
int filter_output_check(struct filter_output *output, const char *name, const char *text,
                        size_t length, struct error *error);

/* Begins to write: notes in FILTER_FILE how the records are made. If one is there, of other fields,
 * returns -1 with ERROR_USAGE, unless it is to be overwritten. */
int filter_output_begin(struct filter_output *output, const struct runfile_list *fields,
                        bool overwrite, struct error *error);

/* Writes the record NAME.json. Returns 0, or -1 with ERROR_RECORD for a name that is not free or that
 * the file system cannot hold, with ERROR_IO or ERROR_MEMORY. */
int filter_output_add(struct filter_output *output, const char *name, const char *text,
                      size_t length, struct error *error);

/* Syncs what was written. 0 or -1 (ERROR_IO, ERROR_MEMORY). */
int filter_output_finish(struct filter_output *output, struct error *error);
void filter_output_close(struct filter_output *output);

#endif
