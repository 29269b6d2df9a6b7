/* run_formats.h - the output formats of a run besides the records. Formats with files for each
 * image are written as images finish; formats that collect all images are written at the end. */
#ifndef PROGRAM_RUN_RUN_FORMATS_H
#define PROGRAM_RUN_RUN_FORMATS_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct run_config;
struct run_formats;
struct run_resources;
struct writer_item;

/* Reads --format and --fields; opens nothing. `config` and `resources`, of which batch and progress
 * are used later, must outlive the result. The caller frees. NULL with ERROR_USAGE (an unknown
 * name) or ERROR_MEMORY. */
struct run_formats *run_formats_new(const struct run_config *config,
                                    const struct run_resources *resources, struct error *error);
void run_formats_free(struct run_formats *formats);

/* Bits of enum record_field that --fields asks for. */
unsigned run_formats_fields(const struct run_formats *formats);

/* The name of format `index` among those with files for each image; NULL past the last. */
const char *run_formats_each(const struct run_formats *formats, size_t index);

/* Opens the formats with files for each image in OUTDIR/@FORMAT. 0 or -1. */
int run_formats_open(struct run_formats *formats, struct error *error);

/* Writes one image in format `index` of run_formats_each; any thread. 0 or -1 as writer_add. */
int run_formats_add(struct run_formats *formats, size_t index, const struct writer_item *item,
                    struct error *error);

/* Closes them. If `complete`, also writes the collecting formats from all records of the folder. A
 * run of several shards leaves those to `maskmill export` and says so. 0 or -1. */
int run_formats_finish(struct run_formats *formats, bool complete, struct error *error);

#endif
