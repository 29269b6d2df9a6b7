/* run_clean.h - left-over temporary files of starts that were killed.
 *
 * The output folder is never walked for them: that takes long where it holds millions of files. An
 * image that left one is not done, so a start meets it again; the folders that its outputs go to
 * are looked at then, each once. What belongs to no image lies in a few folders that every start
 * looks at. Files of other processes are left alone while these may be alive (atomic.h). */
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

/* Cleans the folders of an image's outputs, before it begins. One thread at a time. 0 or -1. */
int run_clean_image(struct run_clean *clean, const char *key, struct error *error);

/* NULL is allowed. */
void run_clean_free(struct run_clean *clean);

#endif
