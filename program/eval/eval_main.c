/* eval_main.c - `maskmill eval`. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/plain_text.h"
#include "include/maskmill.h"
#include "jobs/progress.h"
#include "jobs/shard.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/command_progress.h"
#include "program/decoder.h"
#include "program/eval/data_set.h"
#include "program/eval/eval.h"
#include "program/eval/eval_check.h"
#include "program/eval/eval_edges.h"
#include "program/eval/eval_header.h"
#include "program/eval/eval_lines.h"
#include "program/eval/eval_report.h"
#include "program/eval/eval_results.h"
#include "program/eval/eval_summary.h"
#include "program/eval/eval_walk.h"
#include "program/eval/segments.h"
#include "program/model_load.h"
#include "program/segmenter.h"
#include "program/settings.h"

struct eval_command {
    struct settings *settings;
    const char *const *operands; /* [operand_count] */
    size_t operand_count;
    struct mm_model *model;         /* owned; NULL: records or maps are evaluated */
    struct mm_segmenter *segmenter; /* owned, of the model */
    struct folder *masks;           /* owned; NULL: a model is evaluated */
    struct decoder decoder;
    struct shard shard;           /* of the images */
    struct data_set *set;         /* owned */
    struct eval_header header;    /* owned */
    struct eval_results *results; /* owned */
    struct eval_lines lines;      /* owned */
    uint64_t failed;              /* images that were left out */
    uint64_t repeated;            /* images of a name that others had before */
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

/* Opens what is evaluated: records, or a model, unless edges are there as maps. */
static int prepare(struct eval_command *command, struct error *error)
{
    const struct settings *settings = command->settings;
    if (decoder_start(&command->decoder, error))
        return -1;
    if (settings->masks) {
        command->masks = folder_open(settings->masks, settings->trust_folder, error);
        if (!command->masks)
            return -1;
    } else if (!settings->maps && load(command, error)) {
        return -1;
    }
    return decoder_open(&command->decoder, settings, 1, error);
}

/* ---- edges ---- */

static int run_edges(struct eval_command *command, struct error *error)
{
    const struct settings *settings = command->settings;
    const bool chosen = settings_given(settings, "annotator");
    struct json_text text = {0};
    if (prepare(command, error))
        return -1;
    struct edge_evaluator edges = {.annotator = chosen ? settings->annotator : EVAL_EDGES_ALL,
                                   .max_pixels = settings->max_pixels,
                                   .maps = settings->maps,
                                   .threads = settings->threads,
                                   .segmenter = command->segmenter,
                                   .pool = command->decoder.pool};
    if (eval_edges_walk(&edges, command->operands[0], settings->max_images, error))
        return -1;
    command->failed = edges.failed;
    if (!settings->json) {
        eval_edges_print(&edges);
        return 0;
    }
    eval_edges_json(&edges, &text);
    return command_print_json(&text, error);
}

/* ---- masks ---- */

static const char *environment(const char *name)
{
    return getenv(name);
}

static int open_set(struct eval_command *command, struct error *error)
{
    const struct settings *settings = command->settings;
    struct data_set_options options = {.inputs = command->operands,
                                       .input_count = command->operand_count,
                                       .coco = settings->coco,
                                       .label_maps = settings->label_maps,
                                       .label_suffix = settings->label_suffix,
                                       .trusted = settings->trust_folder,
                                       .pool = command->decoder.pool,
                                       .shard = {0, 1}};
    char background[16];
    label_codes_parse(settings->label_codes, &options.labels.codes); /* settings_set has checked */
    snprintf(background, sizeof background, "%d", settings->background);
    if ((settings->background >= 0 && label_rules_ignore(&options.labels, background, error)) ||
        (settings->ignore && label_rules_ignore(&options.labels, settings->ignore, error)) ||
        (settings->shard && shard_parse(settings->shard, environment, &options.shard, error)))
        return -1;
    options.labels.components = settings->components;
    command->shard = options.shard;
    command->set = data_set_open(&options, error);
    return command->set ? 0 : -1;
}

/* Describes the evaluation, with the names of its classes. */
static int describe(struct eval_command *command, struct error *error)
{
    const struct settings *settings = command->settings;
    const struct class_names *classes = data_set_classes(command->set);
    char digest[DIGEST_TEXT], shard[32];
    if (command->model && model_load_digest(command->model, digest, error))
        return -1;
    if (eval_header_make(&command->header, settings, command->model ? digest : NULL, error) ||
        eval_header_add_places(&command->header, settings, command->operands,
                               command->operand_count, error))
        return -1;
    snprintf(shard, sizeof shard, "%u/%u", command->shard.index, command->shard.count);
    if (settings->shard && runfile_set(&command->header.options, "shard", shard, error))
        return -1;
    for (size_t i = 0; i < classes->count; i++)
        if (class_names_put(&command->header.classes, classes->items[i].number,
                            classes->items[i].name, error))
            return -1;
    return settings->class_names
               ? class_names_read(&command->header.classes, settings->class_names, error)
               : 0;
}

static int evaluate(struct eval_command *command, struct error *error)
{
    const struct settings *settings = command->settings;
    const bool chosen = settings_given(settings, "annotator");
    const struct evaluator evaluator = {.segmenter = command->segmenter,
                                        .pool = command->decoder.pool,
                                        .clicks = settings->clicks,
                                        .boxes = settings->box_prompts};
    const struct eval_walk walk = {.evaluator = &evaluator,
                                   .masks = command->masks,
                                   .set = command->set,
                                   .results = command->results,
                                   .annotator =
                                       chosen ? settings->annotator : SEGMENTS_FIRST_ANNOTATOR,
                                   .max_pixels = settings->max_pixels,
                                   .max_images = settings->max_images,
                                   .progress = command_progress_of_images()};
    int status = eval_walk(&walk, &command->repeated, error);
    progress_free(walk.progress);
    const uint64_t unlabelled = data_set_unlabelled(command->set);
    if (status == 0 && unlabelled)
        plain_line(stderr, "maskmill eval: images without a label map, passed over: %llu",
                   (unsigned long long)unlabelled);
    return status;
}

/* Reads the lines that this evaluation has written, and those that were there. */
static int read_back(struct eval_command *command, struct error *error)
{
    const char *path = command->settings->results ? command->settings->results : "results";
    int fd = eval_results_reader(command->results, error);
    if (fd < 0 || eval_lines_add(&command->lines, fd, path, error))
        return -1;
    if (command->lines.place_count == 0)
        return error_set(error, ERROR_IO, "%s: there are no images", command->operands[0]);
    return command->settings->results ? eval_results_sync(command->results, error) : 0;
}

static int run_masks(struct eval_command *command, struct error *error)
{
    if (prepare(command, error) || open_set(command, error) || describe(command, error))
        return -1;
    command->results = eval_results_open(command->settings->results, &command->header, error);
    if (!command->results || evaluate(command, error))
        return -1;
    return read_back(command, error);
}

/* ---- results that are there ---- */

static int run_from(struct eval_command *command, struct error *error)
{
    for (size_t i = 0; i < command->operand_count; i++) {
        const char *path = command->operands[i];
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
            return error_set_system(error, ERROR_IO, errno, "%s: cannot be opened", path);
        if (eval_lines_add(&command->lines, fd, path, error))
            return -1;
    }
    return 0;
}

static int run_eval(struct eval_command *command, struct error *error)
{
    const struct settings *settings = command->settings;
    if (eval_check(settings, command->operand_count, error))
        return -1;
    if (settings->edges)
        return run_edges(command, error);
    if (settings->from ? run_from(command, error) : run_masks(command, error))
        return -1;
    eval_lines_sort(&command->lines);
    if (command->lines.damaged)
        plain_line(stderr, "maskmill eval: damaged lines of results, passed over: %llu",
                   (unsigned long long)command->lines.damaged);
    return eval_summary(&command->lines, settings, &command->failed, error);
}

enum exit_status eval_main(struct command_line *line)
{
    struct eval_command command = {.settings = &line->settings,
                                   .operands = (const char *const *)line->operands,
                                   .operand_count = (size_t)line->operand_count};
    struct error error = {0};
    int failed = run_eval(&command, &error);
    eval_lines_free(&command.lines);
    eval_results_close(command.results);
    eval_header_free(&command.header);
    data_set_close(command.set);
    decoder_stop(&command.decoder);
    mm_segmenter_free(command.segmenter);
    folder_close(command.masks);
    mm_model_free(command.model);
    if (failed)
        return command_fail(line->command, &error);
    return command.failed + command.repeated ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
