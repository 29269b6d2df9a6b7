/* eval_main.c - `maskmill eval`. */
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/plain_text.h"
#include "images/image.h"
#include "include/maskmill.h"
#include "jobs/list.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/decoder.h"
#include "program/eval/eval.h"
#include "program/eval/eval_edges.h"
#include "program/eval/eval_pair.h"
#include "program/eval/eval_report.h"
#include "program/eval/eval_sums.h"
#include "program/eval/segments.h"
#include "program/model_load.h"
#include "program/segmenter.h"
#include "program/settings.h"

struct eval_command {
    struct settings *settings;
    struct evaluator evaluator;
    struct eval_pair_options pairs;
    struct eval_sums sums;          /* owned */
    struct edge_evaluator edges;    /* with --edges, in place of `evaluator` */
    struct mm_segmenter *segmenter; /* owned; NULL: without a model */
    struct mm_model *model;         /* owned */
    const char *folder;
    struct folder *masks; /* owned; NULL: of the model */
    struct decoder decoder;
};

/* Loads the model and makes the segmenter. */
static int load(struct eval_command *command, struct error *error)
{
    char defaults[MODEL_LOAD_DEFAULTS];
    if (model_load(&command->model, command->settings, defaults, error))
        return -1;
    model_load_tell("eval", command->settings, command->model, defaults);
    command->segmenter =
        segmenter_new(command->model, command->settings, command->settings->threads, error);
    return command->segmenter ? 0 : -1;
}

static int check(const struct settings *settings, struct error *error)
{
    if (settings->maps && !settings->edges)
        return error_set(error, ERROR_USAGE, "--maps %s: needs --edges", settings->maps);
    if (settings->edges && settings->masks)
        return error_set(error, ERROR_USAGE, "--edges and --masks exclude each other");
    if (settings->masks && (settings->clicks > 1 || settings->box_prompts))
        return error_set(error, ERROR_USAGE,
                         "--clicks and --box-prompts need a model, not --masks");
    return 0;
}

static int prepare(struct eval_command *command, struct error *error)
{
    const struct settings *settings = command->settings;
    if (check(settings, error))
        return -1;
    if (settings->masks) {
        command->masks = folder_open(settings->masks, settings->trust_folder, error);
        command->pairs.masks = command->masks;
        return command->masks ? 0 : -1;
    }
    if (decoder_start(&command->decoder, error) || (!settings->maps && load(command, error)) ||
        decoder_open(&command->decoder, settings, 1, error))
        return -1;
    command->evaluator.segmenter = command->edges.segmenter = command->segmenter;
    command->evaluator.pool = command->edges.pool = command->decoder.pool;
    return 0;
}

static int evaluate_pair(struct eval_command *command, const struct list_item *item,
                         struct error *error)
{
    if (command->settings->edges)
        return eval_edges_pair(&command->edges, item->path, item->key, error);
    struct eval_image image = {0};
    int status = eval_pair(&command->pairs, item->path, item->key, &image, error);
    if (status == 0)
        status = eval_sums_add(&command->sums, &image, EVAL_ALL_CATEGORIES, error);
    else
        command->sums.failed++;
    eval_image_free(&image);
    return status;
}

/* Pairs that were left out. */
static uint64_t *failed_of(struct eval_command *command)
{
    return command->settings->edges ? &command->edges.failed : &command->sums.failed;
}

static uint64_t images_of(const struct eval_command *command)
{
    return command->settings->edges ? command->edges.images : command->sums.images;
}

/* A folder that cannot be read counts as one bad pair. Returns 0, or -1 if the machine lacks
 * something, which is no fault of the pair. */
static int evaluate(struct eval_command *command, const struct list_item *item, struct error *error)
{
    struct error own;
    if (item->fault) {
        ++*failed_of(command);
        plain_line(stderr, "maskmill eval: %s", item->fault->text);
    } else if (evaluate_pair(command, item, &own)) {
        if (own.code == ERROR_MEMORY) {
            *error = own;
            return -1;
        }
        plain_line(stderr, "maskmill eval: %s", own.text);
    }
    return 0;
}

/* Evaluates all pairs. Bad ones are reported and skipped. */
static int walk(struct eval_command *command, struct error *error)
{
    const struct list_options options = {
        .inputs = &command->folder,
        .input_count = 1,
        .wanted = image_has_extension,
        .skip_suffix = ".overlay.jpg",
    };
    int max_images = command->settings->max_images;
    struct list *list = list_open(&options, error);
    struct list_item item;
    int more = list ? 1 : -1;
    for (int i = 0; more > 0 && (max_images == 0 || i < max_images); i++) {
        more = list_next(list, &item, error);
        if (more > 0 && evaluate(command, &item, error))
            more = -1;
    }
    list_close(list);
    if (more >= 0 && images_of(command) + *failed_of(command) == 0)
        return error_set(error, ERROR_IO, "%s: there are no images", command->folder);
    return more < 0 ? -1 : 0;
}

static void add_json(struct eval_command *command, struct json_text *text)
{
    json_text_raw(text, "{");
    eval_json(&command->sums, command->segmenter != NULL, text);
    json_text_raw(text, "}\n");
}

static int report(struct eval_command *command, struct error *error)
{
    const struct settings *settings = command->settings;
    struct json_text text = {0};
    if (settings->json && settings->edges)
        eval_edges_json(&command->edges, &text);
    else if (settings->json)
        add_json(command, &text);
    else if (settings->edges)
        eval_edges_print(&command->edges);
    else
        eval_print(&command->sums, command->segmenter != NULL);
    return settings->json ? command_print_json(&text, error) : 0;
}

static int run_eval(struct eval_command *command, struct error *error)
{
    int status = prepare(command, error);
    if (status == 0)
        status = walk(command, error);
    if (status == 0)
        status = report(command, error);
    decoder_stop(&command->decoder);
    return status;
}

enum exit_status eval_main(struct command_line *line)
{
    struct settings *settings = &line->settings;
    const bool chosen = settings_given(settings, "annotator");
    struct eval_command command = {
        .settings = settings,
        .evaluator = {.clicks = settings->clicks, .boxes = settings->box_prompts},
        .pairs = {.annotator = chosen ? settings->annotator : SEGMENTS_FIRST_ANNOTATOR,
                  .max_pixels = settings->max_pixels},
        .edges = {.annotator = chosen ? settings->annotator : EVAL_EDGES_ALL,
                  .max_pixels = settings->max_pixels,
                  .maps = settings->maps,
                  .threads = settings->threads},
        .folder = line->operands[0],
    };
    struct error error = {0};
    command.pairs.evaluator = &command.evaluator;
    int failed = run_eval(&command, &error);
    mm_segmenter_free(command.segmenter);
    folder_close(command.masks);
    mm_model_free(command.model);
    const bool all_done = *failed_of(&command) == 0;
    eval_sums_free(&command.sums);
    if (failed)
        return command_fail(line->command, &error);
    return all_done ? EXIT_ALL_DONE : EXIT_SOME_FAILED;
}
