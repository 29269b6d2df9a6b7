/* run_setup.h - what a run needs before its first image: the model, inputs that it can read, and
 * the workers. */
#ifndef PROGRAM_RUN_RUN_SETUP_H
#define PROGRAM_RUN_RUN_SETUP_H

#include <stdint.h>

struct error;
struct list;
struct run_config;
struct run_resources;

/* Loads the model, takes its own defaults over into the settings, and notes its hash. 0 or -1. */
int run_load_model(struct run_config *config, struct run_resources *resources, struct error *error);

/* Goes through the list, surveyed, and refuses what these settings cannot read: tars with --tile.
 * Rewinds it. 0 or -1. */
int run_check_inputs(const struct run_config *config, struct list *list, struct error *error);

/* Decides how many workers and threads share the machine for so many images, and makes their
 * scratch. 0 or -1. */
int run_start_workers(struct run_config *config, struct run_resources *resources, uint64_t images,
                      struct error *error);

/* Frees workers and model. */
void run_stop_workers(const struct run_config *config, struct run_resources *resources);

#endif
