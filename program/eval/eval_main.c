/* eval_main.c - `maskmill eval`. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json_text.h"
#include "images/image.h"
#include "jobs/list.h"
#include "model/sam.h"
#include "pipeline/generate.h"
#include "pipeline/predictor.h"
#include "program/commands.h"
#include "program/eval/eval.h"
#include "program/eval/eval_report.h"
#include "program/eval/segments.h"
#include "program/model_load.h"
#include "program/settings.h"

struct eval_command {
    struct settings settings;
    struct evaluator evaluator;
    struct sam *sam;
    const char *folder;
    int threads;
    long max_images; /* 0: all */
    bool json;
};

static void print_help(void)
{
    puts("usage: maskmill eval [options] DIR\n\n"
         "Judges a model, or records that any tool wrote, by the images under DIR: beside each,\n"
         "NAME.json holds its true segments (docs/evaluation.md). Prints the mean IoU after one\n"
         "click in the middle of each segment and the average recall of the automatic masks.\n\n"
         "      --masks FOLDER    judge the records in FOLDER (automatic part only; no model)\n"
         "      --annotator N     whose segments count, where several people drew some\n"
         "                        (default: the first one's)\n"
         "      --max-images N    only the first N images\n"
         "  -m, --model PATH      checkpoint (default: the built-in model)\n"
         "      --precision P     f32, bf16 or f16\n"
         "  -t, --threads N       threads (default 1)\n"
         "      --set NAME=VALUE  an option of `maskmill run`, such as points-per-side=16\n"
         "      --json            one JSON object\n"
         "  -h, --help\n\n"
         "Exit status: 0 all pairs judged, 1 some left out, 2 usage, 3 environment.");
}

static int read_number(const char *name, const char *text, long least, long most, long *value,
                       struct error *error)
{
    char *end;
    *value = strtol(text, &end, 10);
    if (end == text || *end || *value < least || *value > most)
        return error_set(error, ERROR_USAGE, "--%s %s: expected a whole number from %ld to %ld",
                         name, text, least, most);
    return 0;
}

static int apply_option(struct eval_command *command, int option, struct error *error)
{
    long number;
    switch (option) {
    case 'm':
        return settings_set(&command->settings, "model", optarg, SOURCE_COMMAND_LINE, error);
    case 'p':
        return settings_set(&command->settings, "precision", optarg, SOURCE_COMMAND_LINE, error);
    case 't':
        if (read_number("threads", optarg, 1, 1024, &number, error))
            return -1;
        command->threads = (int)number;
        return 0;
    case 's':
        return settings_set_pair(&command->settings, optarg, SOURCE_COMMAND_LINE, error);
    case 'a':
        if (read_number("annotator", optarg, 0, 1000000000, &number, error))
            return -1;
        command->evaluator.annotator = number;
        return 0;
    case 'k':
        command->evaluator.masks = optarg;
        return 0;
    case 'n':
        return read_number("max-images", optarg, 1, 1000000000, &command->max_images, error);
    case 'j':
        command->json = true;
        return 0;
    case 'h':
        command->settings.help = true;
        return 0;
    default:
        return error_set(error, ERROR_USAGE, "a wrong option; see maskmill eval --help");
    }
}

static int read_options(struct eval_command *command, int argc, char **argv, struct error *error)
{
    static const struct option options[] = {
        {"model", required_argument, NULL, 'm'},
        {"precision", required_argument, NULL, 'p'},
        {"threads", required_argument, NULL, 't'},
        {"set", required_argument, NULL, 's'},
        {"annotator", required_argument, NULL, 'a'},
        {"masks", required_argument, NULL, 'k'},
        {"max-images", required_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    if (settings_init(&command->settings, error))
        return -1;
    for (int option; (option = getopt_long(argc, argv, "m:t:h", options, NULL)) != -1;)
        if (apply_option(command, option, error))
            return -1;
    if (!command->settings.help && argc - optind != 1)
        return error_set(error, ERROR_USAGE, "one folder is needed; see maskmill eval --help");
    command->folder = argv[optind];
    return 0;
}

/* The model and what works with it. */
static int prepare(struct eval_command *command, struct error *error)
{
    char said[LOAD_SAID];
    struct evaluator *evaluator = &command->evaluator;
    const struct generator_options *generator = &command->settings.generator;
    if (evaluator->masks)
        return 0;
    if (load_model(&command->sam, &command->settings, said, error))
        return -1;
    if (said[0])
        fprintf(stderr, "maskmill eval: %s brings its own defaults:%s\n",
                load_name(&command->settings), said);
    evaluator->generator = generator_new(command->sam, generator, command->threads, error);
    if (!evaluator->generator)
        return -1;
    const struct predictor_options options = {generator->mask_threshold,
                                              generator->stability_score_offset};
    evaluator->predictor = predictor_new(generator_embedder(evaluator->generator), &options, error);
    return evaluator->predictor ? 0 : -1;
}

/* All pairs, one after another; bad ones are named and left out. */
static int walk(struct eval_command *command, struct error *error)
{
    const struct list_options options = {
        .inputs = &command->folder,
        .input_count = 1,
        .wanted = image_has_extension,
        .skip_suffix = ".overlay.jpg",
    };
    struct list *list = list_open(&options, error);
    struct list_item item;
    int more = list ? 1 : -1;
    for (long i = 0; more > 0 && (command->max_images == 0 || i < command->max_images); i++) {
        struct error own;
        more = list_next(list, &item, error);
        if (more > 0 && eval_pair(&command->evaluator, item.path, item.key, &own))
            fprintf(stderr, "maskmill eval: %s\n", own.text);
    }
    list_close(list);
    if (more >= 0 && command->evaluator.scores.images + command->evaluator.scores.failed == 0)
        return error_set(error, ERROR_IO, "%s: there are no images", command->folder);
    return more < 0 ? -1 : 0;
}

static int report(const struct eval_command *command, struct error *error)
{
    const struct eval_scores *scores = &command->evaluator.scores;
    bool clicks = command->evaluator.predictor;
    struct json_text text = {0};
    if (!command->json) {
        eval_print(scores, clicks);
        return 0;
    }
    eval_json(scores, clicks, &text);
    char *made = json_text_take(&text, NULL, error);
    if (!made)
        return -1;
    fputs(made, stdout);
    free(made);
    return 0;
}

static int run_eval(struct eval_command *command, struct error *error)
{
    if (image_library_start(error))
        return -1;
    int status = prepare(command, error);
    if (status == 0)
        status = walk(command, error);
    if (status == 0)
        status = report(command, error);
    image_library_stop();
    return status;
}

int eval_main(int argc, char **argv)
{
    struct eval_command command = {.threads = 1,
                                   .evaluator = {.annotator = SEGMENTS_FIRST_ANNOTATOR}};
    struct error error = {0};
    enum exit_status status = EXIT_ALL_DONE;
    int failed = read_options(&command, argc, argv, &error);
    if (!failed && command.settings.help)
        print_help();
    else if (failed || run_eval(&command, &error)) {
        fprintf(stderr, "maskmill eval: %s\n", error.text);
        status = error.code == ERROR_USAGE ? EXIT_USAGE : EXIT_ENVIRONMENT;
    } else if (command.evaluator.scores.failed) {
        status = EXIT_SOME_FAILED;
    }
    predictor_free(command.evaluator.predictor);
    generator_free(command.evaluator.generator);
    sam_free(command.sam);
    settings_free(&command.settings);
    return (int)status;
}
