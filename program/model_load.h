/* model_load.h - loads the model that the settings name and takes over its defaults. */
#ifndef PROGRAM_MODEL_LOAD_H
#define PROGRAM_MODEL_LOAD_H

#include "program/digest.h"

struct error;
struct mm_model;
struct settings;

enum { MODEL_LOAD_DEFAULTS = 512 };

/* The model's path, or "built-in model". */
const char *model_load_name(const struct settings *settings);

/* Loads the model, takes its own defaults (generator_model_default) over into the settings and
 * completes the settings. `used` gets the defaults that took effect, as options ("
 * --pred-iou-thresh 0.4, ..."), or "". *model is the caller's, to free by mm_model_free. Returns
 * 0, or -1 with the errors of mm_model_open and settings_complete. */
int model_load(struct mm_model **model, struct settings *settings, char used[MODEL_LOAD_DEFAULTS],
               struct error *error);

/* What was dropped from the names of the model's tensors, in one line, or "". */
void model_load_dropped(const struct mm_model *model, char text[MODEL_LOAD_DEFAULTS]);

/* Prints what a user should know of a loaded model to standard error: what was dropped from its
 * tensors' names, and its own defaults (`used`). `command` is "eval" or "bench". */
void model_load_tell(const char *command, const struct settings *settings,
                     const struct mm_model *model, const char *used);

/* Whether the model's file is as it was when it was loaded. The model is mapped, so its weights
 * would change with the file. Returns 0, or -1 with ERROR_IO. */
int model_load_check(const struct mm_model *model, struct error *error);

/* SHA-256 of the bytes that the model was loaded from: of several files, in the order of their
 * names. Returns 0, or -1 with ERROR_IO if the file was changed since. */
int model_load_digest(const struct mm_model *model, char text[DIGEST_TEXT], struct error *error);

#endif
