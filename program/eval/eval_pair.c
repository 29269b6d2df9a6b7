#include "program/eval/eval_pair.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/folder.h"
#include "images/image_pool.h"
#include "jobs/list.h"
#include "program/eval/eval.h"
#include "program/eval/segments.h"

/* A key or path with the extension ".json". Freed by free(3). */
static char *record_name(const char *key, struct error *error)
{
    char *name;
    int made = asprintf(&name, "%.*s.json", (int)list_stem(key), key);
    if (made < 0)
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", key);
    return made < 0 ? NULL : name;
}

static int read_truth(const struct eval_pair_options *options, const char *path,
                      struct segments *truth, struct error *error)
{
    char *record = record_name(path, error);
    int status = record ? segments_read(truth, NULL, record, error) : -1;
    if (status == 0 && segments_choose(truth, options->annotator, error))
        status = error_prefix(error, "%s", record);
    free(record);
    return status;
}

/* Evaluates a record of masks that some tool wrote. */
static int eval_record(const struct eval_pair_options *options, const char *key,
                       const struct segments *truth, struct eval_image *out, struct error *error)
{
    struct segments found = {.max_pixels = options->max_pixels};
    char *name = record_name(key, error);
    int status = name ? segments_read(&found, options->masks, name, error) : -1;
    if (status == 0 && eval_with_masks(&found, truth, out, error))
        status = error_prefix(error, "%s%s", options->masks->prefix, name);
    segments_free(&found);
    free(name);
    return status;
}

int eval_pair(const struct eval_pair_options *options, const char *path, const char *key,
              struct eval_image *out, struct error *error)
{
    struct segments truth = {.max_pixels = options->max_pixels};
    const struct image_input file = {path, -1};
    int status = read_truth(options, path, &truth, error);
    if (status == 0)
        status = options->masks ? eval_record(options, key, &truth, out, error)
                                : eval_with_model(options->evaluator, &file, &truth, out, error);
    segments_free(&truth);
    return status;
}
