/* model_info.h - what `maskmill info` says of a model. */
#ifndef PROGRAM_MODEL_INFO_H
#define PROGRAM_MODEL_INFO_H

#include <stdint.h>
#include <stdio.h>

#include "program/digest.h"
#include "program/settings.h"

struct checkpoint;
struct error;
struct json_text;
struct official;
struct sam;

struct inspection {
    const char *model;               /* path, or "built-in model" */
    struct sam *sam;                 /* owned: loaded, so every tensor has been checked */
    struct checkpoint *checkpoint;   /* owned: for its metadata and format */
    uint64_t bytes;                  /* of the file */
    char sha256[DIGEST_TEXT];        /* of the file */
    const struct official *official; /* the published file that it is, or NULL */
    struct settings settings;        /* owned: as a run with this model and no options has them */
};

/* Loads and examines the checkpoint at `path`; NULL: the built-in model. `image_size` is the value
 * of
 * --image-size, or NULL. Returns 0, or -1 with the error of what failed (ERROR_MODEL, ERROR_IO;
 * ERROR_USAGE for the image size) and nothing to free. */
int inspect_model(struct inspection *inspection, const char *path, const char *image_size,
                  struct error *error);
void inspect_free(struct inspection *inspection);

/* As lines of a name and a value. */
void inspect_print(const struct inspection *inspection, FILE *to);

/* As one JSON object with a newline; the keys are in docs/models.md. */
void inspect_json(const struct inspection *inspection, struct json_text *text);

#endif
