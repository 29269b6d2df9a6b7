/* run_tars.h - what a run with --to tar asks of its inputs and of its output folder, before it begins. */
#ifndef PROGRAM_TARS_RUN_TARS_H
#define PROGRAM_TARS_RUN_TARS_H

struct error;
struct list;
struct list_item;
struct run_config;
struct ledger_index;

/* Refuses inputs that are no tars, a tar whose output would replace it, and outputs whose names are too long.
 * The list must be surveyed; it is rewound. 0 or -1. */
int run_tars_check_inputs(const struct run_config *config, struct list *list, struct error *error);

/* Removes the outputs of all inputs, in all shards: they are of another configuration, which nothing in them
 * tells. The list is rewound. 0 or -1. */
int run_tars_remove(const struct run_config *config, struct list *list, struct error *error);

/* The first file in the place of the output of `tar` that is not this run's (tar_shard_foreign), in *name, which
 * the caller frees; NULL for none. 0, or -1 with ERROR_MEMORY. */
int run_tars_foreign(const struct run_config *config, const struct ledger_index *before,
                     const struct list_item *tar, char **name, struct error *error);

#endif
