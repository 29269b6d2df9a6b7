/* tar_names.h - the names of the images in one tar, to find two that would write the same record.
 * list_survey refuses such files before the work begins, but what a tar holds shows only as it is
 * read. */
#ifndef PROGRAM_RUN_TAR_NAMES_H
#define PROGRAM_RUN_TAR_NAMES_H

#include <stddef.h>

#include "base/hash_set.h"

struct error;

/* Zeroed at first, but for `folds`. */
struct tar_names {
    unsigned folds;        /* what the output folder takes for the same (name_fold.h) */
    struct hash_set stems; /* hashes of the names without extension */
    char *names;           /* owned: all of them, each with its NUL */
    size_t used, capacity;
};

/* Adds a name. Returns 0; 1 if an earlier name is the same to the output folder but for the extension (*earlier, valid
 * until the next call; `name` is not added); or -1 with ERROR_MEMORY. */
int tar_names_add(struct tar_names *names, const char *name, const char **earlier,
                  struct error *error);

/* Frees what it holds and leaves it empty. */
void tar_names_free(struct tar_names *names);

#endif
