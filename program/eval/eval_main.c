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
#include "program/eval/eval_report.h"
#include "program/eval/segments.h"
#include "program/model_load.h"
#include "program/segmenter.h"
#include "program/settings.h"

struct eval_command {
    struct settings *settings;
    struct evaluator evaluator;
    struct mm_model *model;
    const char *folder;
    struct folder *masks; /* owned; NULL: of the model */
    struct decoder decoder;
};

/* Loads the model and makes the segmenter and the decoder. */
static int prepare(struct eval_command *command, struct error *error)
{
    char defaults[MODEL_LOAD_DEFAULTS];
    struct evaluator *evaluator = &command->evaluator;
    const char *masks = command->settings->masks;
    if (masks) {
        command->masks = folder_open(masks, command->settings->trust_folder, error);
        evaluator->masks = command->masks;
        return command->masks ? 0 : -1;
    }
    if (decoder_start(&command->decoder, error) ||
        model_load(&command->model, command->settings, defaults, error))
        return -1;
    model_load_tell("eval", command->settings, command->model, defaults);
    evaluator->segmenter =
        segmenter_new(command->model, command->settings, command->settings->threads, error);
    if (!evaluator->segmenter || decoder_open(&command->decoder, command->settings, 1, error))
        return -1;
    evaluator->pool = command->decoder.pool;
    return 0;
}

/* A folder that cannot be read counts as one bad pair. Returns 0, or -1 if the machine lacks
 * something, which is no fault of the pair. */
static int evaluate(struct evaluator *evaluator, const struct list_item *item, struct error *error)
{
    struct error own;
    if (item->fault) {
        evaluator->scores.failed++;
        plain_line(stderr, "maskmill eval: %s", item->fault->text);
    } else if (eval_pair(evaluator, item->path, item->key, &own)) {
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
        if (more > 0 && evaluate(&command->evaluator, &item, error))
            more = -1;
    }
    list_close(list);
    if (more >= 0 && command->evaluator.scores.images + command->evaluator.scores.failed == 0)
        return error_set(error, ERROR_IO, "%s: there are no images", command->folder);
    return more < 0 ? -1 : 0;
}

static int report(const struct eval_command *command, struct error *error)
{
    const struct eval_scores *scores = &command->evaluator.scores;
    bool clicks = command->evaluator.segmenter;
    struct json_text text = {0};
    if (!command->settings->json) {
        eval_print(scores, clicks);
        return 0;
    }
    eval_json(scores, clicks, &text);
    return command_print_json(&text, error);
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
    struct eval_command command = {
        .settings = settings,
        .evaluator = {.annotator = settings_given(settings, "annotator") ? settings->annotator
                                                                         : SEGMENTS_FIRST_ANNOTATOR,
                      .max_pixels = settings->max_pixels},
        .folder = line->operands[0],
    };
    struct error error = {0};
    int failed = run_eval(&command, &error);
    mm_segmenter_free(command.evaluator.segmenter);
    folder_close(command.masks);
    mm_model_free(command.model);
    if (failed)
        return command_fail(line->command, &error);
    return command.evaluator.scores.failed ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
