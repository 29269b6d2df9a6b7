/* run_inputs.h - the inputs of a run: which files are taken, and whether there are any. */
#ifndef PROGRAM_RUN_RUN_INPUTS_H
#define PROGRAM_RUN_RUN_INPUTS_H

struct error;
struct list_survey;
struct run;
struct run_config;
struct run_resources;

/* Opens the list of inputs and surveys it. Refuses inputs of which nothing is taken, and images
 * whose records the output folder takes for one (name_fold.h); the folder with the lock must be
 * there. 0 or -1. */
int run_inputs_open(struct run_config *config, struct run_resources *resources,
                    struct list_survey *survey, struct error *error);

/* After all inputs have been read to their end: refuses tars without a single image, if the run has
 * no other inputs and no other shards. 0 or -1 with ERROR_USAGE. */
int run_inputs_end(const struct run *run, struct error *error);

#endif
