#include "program/eval/eval_walk.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/name_index.h"
#include "jobs/items.h"
#include "jobs/list.h"
#include "jobs/retry.h"
#include "program/command_progress.h"
#include "program/eval/data_set.h"
#include "program/eval/eval.h"
#include "program/eval/eval_image.h"
#include "program/eval/eval_results.h"
#include "program/eval/segments.h"

/* Evaluates the record that some tool wrote of the image. */
static int evaluate_record(const struct eval_walk *walk, const char *key,
                           const struct segments *truth, struct eval_image *outcome,
                           struct error *error)
{
    struct segments found = {.max_pixels = walk->max_pixels};
    char *name;
    if (asprintf(&name, "%.*s.json", (int)list_stem(key), key) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", key);
    int status = segments_read(&found, walk->masks, name, error);
    if (status == 0 && eval_with_masks(&found, truth, outcome, error))
        status = error_prefix(error, "%s%s", walk->masks->prefix, name);
    segments_free(&found);
    free(name);
    return status;
}

static int evaluate_model(const struct eval_walk *walk, const struct segments *truth,
                          struct eval_image *outcome, struct error *error)
{
    struct image_input input;
    if (data_set_image(walk->set, &input, error))
        return -1;
    return eval_with_model(walk->evaluator, &input, truth, outcome, error);
}

/* Evaluates one image. */
static int evaluate(const struct eval_walk *walk, const char *key, struct eval_image *outcome,
                    struct error *error)
{
    struct segments truth = {.max_pixels = walk->max_pixels};
    if (data_set_truth(walk->set, &truth, error))
        return -1;
    int status = segments_choose(&truth, walk->annotator, error);
    if (status)
        error_prefix(error, "%s", key);
    else if (walk->masks)
        status = evaluate_record(walk, key, &truth, outcome, error);
    else
        status = evaluate_model(walk, &truth, outcome, error);
    segments_free(&truth);
    return status;
}

/* Whether an error is the machine's, not the image's. */
static bool stops(const struct error *error)
{
    if (error->code == ERROR_MEMORY)
        return true;
    return error->system && retry_decide(error->system, RETRY_READING, 0, 0) == RETRY_STOP_RUN;
}

/* Evaluates one image and keeps its result. */
static int keep(const struct eval_walk *walk, const struct data_item *item, struct error *error)
{
    struct eval_image outcome = {0};
    struct error own = {0};
    int status = 0;
    if (item->fault)
        own = *item->fault;
    else
        status = evaluate(walk, item->key, &outcome, &own);
    if (status && stops(&own)) {
        *error = own;
        return -1;
    }
    if (own.code)
        command_progress_say(walk->progress, "eval", own.text);
    command_progress_record(walk->progress, own.code != 0, outcome.mask_count);
    status =
        eval_results_add(walk->results, item->key, &outcome, own.code ? own.text : NULL, error);
    eval_image_free(&outcome);
    return status;
}

/* Evaluates an image unless there is a result of it, or an image of its name came before. */
static int visit(const struct eval_walk *walk, const struct data_item *item, struct name_index *met,
                 uint64_t *repeated, struct error *error)
{
    struct error own;
    const size_t before = met->count;
    if (name_index_put(met, item->key, error) == NAME_INDEX_NONE)
        return -1;
    if (met->count == before) {
        ++*repeated;
        error_set(&own, ERROR_USAGE, "%s: a second image of this name is passed over", item->key);
        command_progress_say(walk->progress, "eval", own.text);
        return 0;
    }
    return eval_results_has(walk->results, item->key) ? 0 : keep(walk, item, error);
}

int eval_walk(const struct eval_walk *walk, uint64_t *repeated, struct error *error)
{
    struct data_item item;
    struct name_index met = {0};
    int more = 1;
    *repeated = 0;
    command_progress_expect(walk->progress, ITEMS_UNKNOWN);
    for (int i = 0; more > 0 && (walk->max_images == 0 || i < walk->max_images); i++) {
        more = data_set_next(walk->set, &item, error);
        if (more > 0 && visit(walk, &item, &met, repeated, error))
            more = -1;
    }
    name_index_free(&met);
    return more < 0 ? -1 : 0;
}
