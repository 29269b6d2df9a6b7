#include "program/tars/run_stream.h"

#include <unistd.h>

#include "base/error.h"
#include "jobs/items.h"
#include "jobs/ledger_index.h"
#include "jobs/list.h"
#include "jobs/progress.h"
#include "program/run/collection.h"
#include "program/run/input_kind.h"
#include "program/run/item_known.h"
#include "program/run/item_label.h"
#include "program/run/run.h"
#include "program/run/run_inputs.h"
#include "program/run/run_setup.h"
#include "program/tars/stream_sink.h"

static int check_input(const struct run_config *config, struct error *error)
{
    bool streams = false;
    for (int i = 0; i < config->input_count; i++)
        streams = streams || input_is_stream(config->inputs[i]);
    if (!streams)
        return 0;
    if (config->input_count > 1 || config->settings->list)
        return error_set(error, ERROR_USAGE, "-: standard input must be the only INPUT");
    if (config->settings->shard)
        return error_set(error, ERROR_USAGE, "-: standard input cannot be shared out by --shard");
    return isatty(STDIN_FILENO) ? error_set(error, ERROR_USAGE,
                                            "-: standard input is a terminal; send a tar into it")
                                : 0;
}

int run_stream_check(const struct run_config *config, struct error *error)
{
    if (check_input(config, error))
        return -1;
    if (!settings_to_stream(config->settings))
        return 0;
    if (config->input_count != 1 || config->settings->list)
        return error_set(error, ERROR_USAGE,
                         "-o - writes one tar, so it takes one INPUT: a tar, or - for standard "
                         "input");
    return isatty(STDOUT_FILENO) ? error_set(error, ERROR_USAGE,
                                             "-o - writes a tar, and standard output is a terminal")
                                 : 0;
}

int run_stream_take(struct run_config *config, struct error *error)
{
    if (config->settings->print_config || !settings_to_stream(config->settings))
        return 0;
    return run_take_output(&config->stream, error);
}

/* The one input must be a tar. The list is rewound. */
static int check_tar(struct run *run, struct error *error)
{
    struct list_item item = {0};
    int found = list_next(run->resources.list, &item, error);
    if (found < 0 || list_rewind(run->resources.list, error))
        return -1;
    if (found && item.folder)
        return 0;
    return error_set(error, ERROR_USAGE, "-o - takes a tar as its INPUT; %s is none",
                     run->config.inputs[0]);
}

static int set_up(struct run *run, struct error *error)
{
    struct list_survey survey;
    struct run_config *config = &run->config;
    struct run_resources *resources = &run->resources;
    if (run_start(config, resources, error) || run_inputs_open(config, resources, &survey, error) ||
        check_tar(run, error) || item_known_open(config, resources, error) ||
        item_label_open(config, resources, error))
        return -1;
    run->outcome.passed_in_inputs = survey.passed;
    resources->before = ledger_index_new(error); /* nothing was done before */
    if (!resources->before)
        return -1;
    progress_expect(resources->progress, ITEMS_UNKNOWN, 0, 0);
    run->outcome.began = true;
    return run_start_workers(config, resources, ITEMS_UNKNOWN, error);
}

int run_stream(struct run *run, struct error *error)
{
    struct stream_sink stream = {0};
    if (set_up(run, error))
        return -1;
    const struct sink sink = stream_sink(&stream, run, run->config.stream);
    int status = collection_run(run, &sink, error);
    stream_sink_free(&stream);
    return status ? -1 : run_failure(run, error);
}
