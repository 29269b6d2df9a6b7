/* run_clean.h - removes the temporary files of starts that were killed.
 *
 * The output folder is never walked: with millions of files that takes too long. An image that left
 * a temporary file is not done, so a later start processes it again and cleans its output folders
 * first, each folder once. Temporary files that belong to no image lie in a few folders that every
 * start cleans. Files of processes that may still run are kept (atomic.h). */
#ifndef PROGRAM_RUN_RUN_CLEAN_H
#define PROGRAM_RUN_RUN_CLEAN_H

struct error;
struct run_clean;
struct run_config;
struct run_resources;

/* Cleans the output folder itself, .maskmill and the top of every @FORMAT. The shard's lock must be
 * held and its ledgers read; config and resources must outlive the result. NULL with ERROR_IO or
 * ERROR_MEMORY. */
struct run_clean *run_clean_new(const struct run_config *config,
                                const struct run_resources *resources, struct error *error);

/* Cleans the output folders of an image before it is processed. One thread at a time. 0 or -1. */
int run_clean_image(struct run_clean *clean, const char *key, struct error *error);

/* NULL is allowed. */
void run_clean_free(struct run_clean *clean);

#endif
