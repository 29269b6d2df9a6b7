/* model_info.h - what `maskmill info` reports about a model. */
#ifndef PROGRAM_MODEL_INFO_H
#define PROGRAM_MODEL_INFO_H

#include <stdint.h>
#include <stdio.h>

#include "program/digest.h"
#include "program/settings.h"

struct checkpoint;
struct error;
struct json_text;
struct mm_model;
struct model_zoo_entry;

struct model_info {
    const char *model;                       /* path, or "built-in model" */
    struct mm_model *loaded;                 /* owned: loaded, so every tensor has been checked */
    struct checkpoint *checkpoint;           /* owned: for its metadata and format */
    uint64_t bytes;                          /* of all files */
    char sha256[DIGEST_TEXT];                /* of all files, one after the other */
    const struct model_zoo_entry *published; /* the published file that it is, or NULL */
    struct settings *settings;               /* the caller's: those of a run with this model */
};

/* Loads and examines the checkpoint at `path`; NULL: the built-in model. `settings` are initialised
 * and get the model's path and defaults; they must outlive `info`. Returns 0, or -1 with the error
 * of what failed (ERROR_MODEL, ERROR_IO; ERROR_USAGE for --image-size) and nothing to free. */
int model_info_read(struct model_info *info, const char *path, struct settings *settings,
                    struct error *error);
void model_info_free(struct model_info *info);

/* As lines of names and values. */
void model_info_print(const struct model_info *info, FILE *to);

/* As one JSON object with a newline; the keys are in docs/models.md. */
void model_info_json(const struct model_info *info, struct json_text *text);

#endif
