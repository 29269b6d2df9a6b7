/* run_foreign.h - files in the output folder that no ledger of this run knows: labelme's and
 * SA-1B's NAME.json beside NAME.jpg, somebody's NAME.overlay.jpg. They are never replaced unasked.
 */
#ifndef PROGRAM_RUN_RUN_FOREIGN_H
#define PROGRAM_RUN_RUN_FOREIGN_H

#include <stdbool.h>

struct error;
struct run_config;
struct run_resources;

/* True if the folder holds no run yet: there is no run.json. */
bool run_foreign_is_new(const struct run_config *config);

/* Refuses if an output of this shard would replace such a file, and names the first and their
 * number. --overwrite allows it. In a folder that is new (is_new) every file counts; otherwise a
 * record with the image's own id is taken for this run's, written just before a start was killed,
 * and resources->before must have been read. The list is rewound. 0 or -1 (ERROR_USAGE, ERROR_IO,
 * ERROR_MEMORY). */
int run_foreign_check(const struct run_config *config, const struct run_resources *resources,
                      bool is_new, struct error *error);

#endif
