/* run_folder.h - the output folder of a run: what earlier starts did, and what remains to be
 * done. */
#ifndef PROGRAM_RUN_RUN_FOLDER_H
#define PROGRAM_RUN_RUN_FOLDER_H

#include <stdbool.h>

#include "base/path.h"
#include "program/digest.h"

struct error;
struct run;
struct run_config;
struct run_resources;

/* The run's configuration, below the output folder. */
#define RUN_FILE PATH_RUN_FOLDER "/run.json"

/* Compares run.json with this configuration (refusing a difference unless
 * --overwrite or --extend), reads which images are done and failed, and removes temporary files
 * that killed starts left at the top. 0 or -1. */
int run_folder_open(struct run_config *config, struct run_resources *resources,
                    struct error *error);

/* SHA-256 of what decides the output of a run: the names and values in run.json. The model must be loaded. 0,
 * or -1 with ERROR_MEMORY. */
int run_folder_identity(const struct run_config *config, char sha256[DIGEST_TEXT],
                        struct error *error);

/* Whether this start should process the image: it is not done (checked on disk), or it failed
 * and failed images are to be retried. `tar` is the key of the tar that holds it, or NULL. If an
 * earlier start could not read that tar to its end, or a folder above, the images that it did not
 * reach count as failed. */
bool run_folder_wants(const struct run *run, const char *key, const char *tar);

/* Whether images of this tar that no start has tried are for this start: always, or with --retry-failed if an
 * earlier start could not read the tar, or a folder above it. */
bool run_folder_reaches(const struct run *run, const char *tar);

/* What failed before is tried again: it counts by what becomes of it now. Listing thread only. */
void run_folder_uncount(struct run *run);

/* Whether a tar or a folder of this key may have failed before. */
bool run_folder_has_failed(const struct run *run, const char *key);

/* Clears the failure of a tar, or of a folder, that has been read to its end. Listing thread only.
 * 0 or -1. */
int run_folder_clear(struct run *run, const char *key, struct error *error);

/* <key without its extension><suffix>, a name below the output folder; the caller frees it with
 * free(3). NULL with ERROR_MEMORY. */
char *run_folder_name(const char *key, const char *suffix, struct error *error);

#endif
