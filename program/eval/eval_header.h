/* eval_header.h - what an evaluation is of, as the first line of its results says:
 *
 *   {"maskmill_eval":1,"set":"coco","options":{"data":"coco","clicks":"3",...},"classes":{"1":"person",...}}
 *
 * Results of other options are not to be mixed with them. */
#ifndef PROGRAM_EVAL_EVAL_HEADER_H
#define PROGRAM_EVAL_EVAL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "jobs/runfile.h"
#include "program/eval/class_names.h"

struct error;
struct ndjson;
struct settings;

/* Zeroed at first. */
struct eval_header {
    char *set;                   /* owned: the data set's name */
    struct runfile_list options; /* what decides the results */
    struct class_names classes;
};

/* Fills it from the settings, but for the classes, the shard and the places. `model` is a digest, NULL with --masks.
 * Returns 0 or -1 (ERROR_MEMORY); freed by eval_header_free in any case. */
int eval_header_make(struct eval_header *header, const struct settings *settings, const char *model,
                     struct error *error);

/* Adds where the images, their true segments and the masks lie, as the user named them. Of several inputs the first
 * and their number count. 0 or -1 (ERROR_MEMORY). */
int eval_header_add_places(struct eval_header *header, const struct settings *settings,
                           const char *const *inputs, size_t count, struct error *error);

/* Writes the line, newline included. 0 or -1 (ERROR_MEMORY). */
int eval_header_write(const struct eval_header *header, struct ndjson *line, struct error *error);

/* Reads an untrusted line. 0, or -1 with ERROR_RECORD (it is no such line) or ERROR_MEMORY. */
int eval_header_read(struct eval_header *header, const char *line, size_t length,
                     struct error *error);

/* Whether results of both may be put together; `shards`: those of other shards, which may lie in other
 * places, too. Returns 0, or -1 with
 * ERROR_USAGE ("clicks is 3 there, and 9 here"). */
int eval_header_agree(const struct eval_header *there, const struct eval_header *here, bool shards,
                      struct error *error);

/* Whether the header is of masks, on which nothing is clicked. */
bool eval_header_of_masks(const struct eval_header *header);

void eval_header_free(struct eval_header *header);

#endif
