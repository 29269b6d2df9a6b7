/* run_setup.h - what a run needs before its first image: its outputs, the model, a check of the inputs,
 * and the workers. */
#ifndef PROGRAM_RUN_RUN_SETUP_H
#define PROGRAM_RUN_RUN_SETUP_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct list;
struct run_config;
struct run_resources;

/* Takes standard output over and leaves standard error in its place, so that no library can print among
 * what is written there. A reader that is gone shows as EPIPE from now on. *output is the descriptor, the
 * caller's. 0, or -1 with ERROR_IO. */
int run_take_output(int *output, struct error *error);

/* Makes resources->progress, on standard error; `terminal`: whether a line is drawn there. 0 or -1. */
int run_start_reporting(const struct run_config *config, struct run_resources *resources,
                        bool terminal, struct error *error);

/* Prints the options that decide the masks, a model's own among them, for --print-config. 0 or -1. */
int run_print_config(struct run_config *config, struct run_resources *resources,
                     struct error *error);

/* Starts what decodes images, loads the model, applies its defaults to the settings, and computes its
 * hash. 0 or -1. */
int run_start(struct run_config *config, struct run_resources *resources, struct error *error);

/* Refuses inputs that these settings cannot take: tars with --tile, and all else with --to tar. The list must be surveyed;
 * it is rewound. 0 or -1. */
int run_check_inputs(const struct run_config *config, struct list *list, struct error *error);

/* Chooses the number of workers and threads for so many images, and makes the workers. 0 or -1. */
int run_start_workers(struct run_config *config, struct run_resources *resources, uint64_t images,
                      struct error *error);

/* Whether the files of the models are as they were when they were loaded. 0 or -1 (ERROR_IO). */
int run_check_models(const struct run_resources *resources, struct error *error);

/* Frees what the workers hold, while none of them computes. */
void run_rest_workers(const struct run_config *config, struct run_resources *resources);

/* Makes what the worker holds if it has been freed. For the worker's own thread. 0 or -1. */
int run_wake_worker(const struct run_config *config, struct run_resources *resources, int index,
                    struct error *error);

/* Frees workers and model. */
void run_stop_workers(const struct run_config *config, struct run_resources *resources);

#endif
