/* run_main.c - `maskmill run`: from the command line to the exit status.
 *
 *   options -> model and its defaults -> survey of the inputs -> output folder, ledgers
 *   -> workers -> images through the stages (collection.c) -> summary
 */
#include "program/run/image_words.h"
#include "program/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/atomic_batch.h"
#include "base/folder.h"
#include "base/parse.h"
#include "images/image_worker.h"
#include "jobs/items.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/ledger_status.h"
#include "jobs/list.h"
#include "jobs/lock.h"
#include "jobs/memory_budget.h"
#include "jobs/passed_over_file.h"
#include "jobs/progress.h"
#include "jobs/stop.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/config.h"
#include "program/label/labels.h"
#include "program/run/collection.h"
#include "program/run/folder_sink.h"
#include "program/run/input_kind.h"
#include "program/run/item_known.h"
#include "program/run/item_label.h"
#include "program/run/run_clean.h"
#include "program/run/run_folder.h"
#include "program/run/run_foreign.h"
#include "program/run/run_formats.h"
#include "program/run/run_inputs.h"
#include "program/run/run_notices.h"
#include "program/run/run_report.h"
#include "program/run/run_setup.h"
#include "program/spool/spool.h"
#include "program/spool/spool_put.h"
#include "program/tars/run_stream.h"
#include "program/tars/tar_sink.h"
#include "records/known_index.h"

enum { SYNC_FILES = 256 }; /* most records whose folders are synced together */
#define SYNC_SECONDS 1.0   /* longest time that the first of them waits */

/* Reads --max-failures "N" or "P%". */
static int read_failure_limit(struct run_config *config, struct error *error)
{
    const char *text = config->settings->max_failures;
    config->failures_most = UINT64_MAX;
    config->failures_share = 2;
    if (!text || parse_count(text, &config->failures_most) ||
        (parse_percentage(text, &config->failures_share) && config->failures_share >= 0 &&
         config->failures_share <= 1))
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--max-failures %s: expected a number of images, or 0%% to 100%%", text);
}

static const char *environment(const char *name)
{
    return getenv(name);
}

static int check_options(struct run_config *config, struct run_resources *resources,
                         struct error *error)
{
    const struct settings *settings = config->settings;
    resources->formats = run_formats_new(config, resources, error);
    if (!resources->formats)
        return -1;
    if (settings->print_config)
        return 0;
    if (!settings->output)
        return error_set(error, ERROR_USAGE, "-o DIR is missing: the folder for the records");
    if (config->input_count == 0 && !settings->list)
        return error_set(error, ERROR_USAGE, "no INPUT: name images, folders, or --list FILE");
    if (run_stream_check(config, error))
        return -1;
    if (braces_expand_inputs(&resources->names, config->inputs, config->input_count, error))
        return -1;
    config->inputs = resources->names.names;
    config->input_count = (int)resources->names.count;
    if (spool_read(&resources->spool, config->settings, error))
        return -1;
    config->shard = (struct shard){0, 1};
    if (settings->shard && shard_parse(settings->shard, environment, &config->shard, error))
        return -1;
    return run_report_check(config, error) ? -1 : read_failure_limit(config, error);
}

/* `images`: in this shard, or ITEMS_UNKNOWN. */
static int begin_ledger(struct run *run, uint64_t images, struct error *error)
{
    const struct run_config *config = &run->config;
    struct run_resources *resources = &run->resources;
    bool retry_failed = config->settings->retry_failed;
    resources->batch = atomic_batch_new(SYNC_FILES, SYNC_SECONDS, error);
    resources->ledger =
        resources->batch ? ledger_open(config->output, &config->shard, error) : NULL;
    if (!resources->ledger || ledger_append_start(resources->ledger, &image_words, images, error))
        return -1;
    struct ledger_counts before = ledger_index_counts(resources->before);
    uint64_t tried = before.done + before.failed;
    uint64_t left = images > tried ? images - tried : 0;
    if (images == ITEMS_UNKNOWN)
        left = ITEMS_UNKNOWN;
    else if (retry_failed)
        left = before.failed;
    progress_expect(resources->progress, left, before.done, before.failed);
    run->outcome.failed_before = retry_failed ? 0 : before.failed;
    run->outcome.began = true;
    return 0;
}

/* Opens the output folder, which is made if it is missing, and takes the shard's lock in it. */
static int take_lock(struct run_config *config, struct lock **lock, struct error *error)
{
    char name[64];
    const struct settings *settings = config->settings;
    config->output = folder_make(settings->output, settings->trust_folder, error);
    if (!config->output || folder_make_below(config->output, LEDGER_FOLDER, error))
        return -1;
    snprintf(name, sizeof name, LEDGER_FOLDER "/lock-%u-of-%u", config->shard.index,
             config->shard.count);
    return lock_take(config->output, name, LOCK_WATCH, lock, error);
}

/* Begins in the output folder once it is sure that nothing of others is replaced. In a run that is
 * finished, whose ledgers know all items, there is nothing to look at. */
static int begin_folder(struct run_config *config, struct run_resources *resources,
                        const struct list_survey *survey, struct error *error)
{
    bool is_new = run_foreign_is_new(config);
    if (is_new && run_foreign_check(config, resources, true, error))
        return -1;
    if (run_folder_open(config, resources, error))
        return -1;
    if (is_new || ledger_index_matches(resources->before, survey->mine, survey->mine_sum))
        return 0;
    return run_foreign_check(config, resources, false, error);
}

/* Keeps for `maskmill status` what was passed over so far. The run does not depend on that. */
static void keep_passed(const struct run *run)
{
    struct error error;
    if (passed_over_write(run->config.output, &run->config.shard, &run->outcome.passed_in_inputs,
                          &run->outcome.passed_in_tars, &error))
        progress_log(run->resources.progress, PROGRESS_WARNING, "%s", error.text);
}

/* Prepares everything that the first image needs. */
static int set_up(struct run *run, struct error *error)
{
    struct list_survey survey;
    struct run_config *config = &run->config;
    struct run_resources *resources = &run->resources;
    if (run_start(config, resources, error) || run_inputs_open(config, resources, &survey, error) ||
        run_check_inputs(config, resources->list, error) ||
        (resources->spool && spool_check_inputs(resources->spool, resources->list, error)) ||
        item_known_open(config, resources, error) || item_label_open(config, resources, error) ||
        begin_folder(config, resources, &survey, error) || run_report_check_place(config, error))
        return -1;
    run->outcome.passed_in_inputs = survey.passed;
    if (begin_ledger(run, survey.mine, error))
        return -1;
    keep_passed(run);
    return run_formats_open(resources->formats, error) ||
                   run_start_workers(config, resources, survey.mine, error)
               ? -1
               : 0;
}

/* Takes the images of all inputs to files. */
static int run_to_files(struct run *run, struct error *error)
{
    struct folder_sink folder = {0};
    const struct sink sink = folder_sink(&folder, run);
    int status = collection_run(run, &sink, error);
    folder_sink_free(&folder);
    return status;
}

/* Takes the images of all tars to tars. */
static int run_to_tars(struct run *run, struct error *error)
{
    struct tar_sink tars = {0};
    const struct sink sink = tar_sink(&tars, run);
    int status = collection_run(run, &sink, error);
    tar_sink_free(&tars);
    return status;
}

static void put_published(void *context, const char *tar)
{
    spool_put_give(context, tar);
}

/* Takes the images of all tars of a store to tars, and these to the store. */
static int run_to_store(struct run *run, struct error *error)
{
    struct tar_sink tars = {.published = put_published, .context = run};
    if (spool_open(run->resources.spool, run, error) || spool_put_start(run, error))
        return -1;
    const struct sink sink = tar_sink(&tars, run);
    int status = collection_run(run, &sink, error);
    spool_put_finish(run);
    tar_sink_free(&tars);
    return status;
}

static int run_images(struct run *run, struct error *error)
{
    if (run->resources.spool)
        return run_to_store(run, error);
    return settings_to_tar(run->config.settings) ? run_to_tars(run, error)
                                                 : run_to_files(run, error);
}

/* Everything from the model to the last image. */
static int carry_out(struct run *run, struct error *error)
{
    if (set_up(run, error))
        return -1;
    if (run_images(run, error))
        return -1;
    keep_passed(run);
    if (run_failure(run, error))
        return -1;
    if ((!run_stopping(run) && run_inputs_end(run, error)) ||
        decoder_open(&run->resources.decoder, run->config.settings, budget_cpus(""), error))
        return -1;
    return run_formats_finish(run->resources.formats, !run_stopping(run), error);
}

/* The exit status, and a word for why the run ended. */
static enum exit_status conclude(const struct run *run, int status, const struct error *error,
                                 const char **reason)
{
    *reason = "error";
    if (status)
        return command_status(error);
    if (run->outcome.too_many_failures) {
        *reason = "failures";
        return EXIT_TOO_MANY_FAILURES;
    }
    if (run_stopping(run)) {
        *reason = "stopped";
        return EXIT_STOPPED;
    }
    *reason = "done";
    if (run->config.settings->failed_images_ok)
        return EXIT_ALL_DONE;
    return run->outcome.failed + run->outcome.failed_before ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}

/* Writes the last line of the ledger, and failed.ndjson. A failure here fails the run even if all
 * images are done, because other tools rely on these files. */
static int end_ledger(struct run *run, const char *reason, struct error *error)
{
    const struct run_config *config = &run->config;
    struct run_resources *resources = &run->resources;
    bool none = run->outcome.failed == 0 && !config->settings->overwrite &&
                run->outcome.failed_before == 0 &&
                ledger_index_counts(resources->before).failed == 0;
    ledger_index_free(resources->before); /* frees room: failed.ndjson needs an index as large */
    resources->before = NULL;
    return ledger_append_end(resources->ledger, reason, error) ||
                   ledger_sync(resources->ledger, error) ||
                   ledger_write_failed(config->output, &config->shard, none, NULL, error)
               ? -1
               : 0;
}

static enum exit_status end_run(struct run *run, int status, struct error *error)
{
    const char *reason;
    struct error at_end;
    struct progress *progress = run->resources.progress;
    enum exit_status exit_status = conclude(run, status, error, &reason);
    if (status)
        progress_log(progress, PROGRESS_ERROR, "%s", error->text);
    if (run->resources.ledger && end_ledger(run, reason, &at_end)) {
        progress_log(progress, PROGRESS_ERROR, "%s", at_end.text);
        exit_status = conclude(run, -1, status ? error : &at_end, &reason);
    }
    run_notices_finish(run);
    item_known_finish(run);
    if (run->outcome.began)
        progress_finish(progress, reason, exit_status);
    return exit_status;
}

static void free_resources(struct run_config *config, struct run_resources *resources)
{
    run_stop_workers(config, resources);
    decoder_stop(&resources->decoder);
    run_clean_free(resources->clean);
    run_formats_free(resources->formats);
    spool_free(resources->spool);
    known_index_close(resources->known);
    labels_free(resources->labels);
    ledger_close(resources->ledger);
    ledger_index_free(resources->before);
    atomic_batch_free(resources->batch);
    list_close(resources->list);
    braces_free(&resources->names);
    input_kinds_free(resources->kinds);
    lock_release(resources->lock);
    progress_free(resources->progress);
    stop_free(resources->stop);
    folder_close(config->output);
    config->output = NULL;
    if (config->stream >= 0)
        close(config->stream);
    if (resources->library_started)
        image_library_stop();
}

/* Takes the lock and runs, or says why the lock cannot be had. */
static enum exit_status run_locked(struct run *run, struct error *error)
{
    const struct settings *settings = run->config.settings;
    int answer = take_lock(&run->config, &run->resources.lock, error);
    if (answer == LOCK_TAKEN)
        return run_report(run, end_run(run, carry_out(run, error), error));
    if (answer != LOCK_HELD)
        return end_run(run, -1, error);
    progress_log(run->resources.progress, settings->lock ? PROGRESS_INFO : PROGRESS_ERROR, "%s: %s",
                 settings->output, error->text);
    return settings->lock ? EXIT_ALL_DONE : EXIT_ENVIRONMENT;
}

static int prepare(struct run_config *config, struct run_resources *resources, struct error *error)
{
    struct settings *settings = config->settings;
    if (settings->config && config_read(settings, settings->config, error))
        return -1;
    if (settings->preset && config_preset(settings, settings->preset, error))
        return -1;
    /* The decoder forks, so it starts before the first thread. */
    if (check_options(config, resources, error) || run_stream_take(config, error) ||
        decoder_start(&resources->decoder, error) ||
        run_start_reporting(config, resources, isatty(STDERR_FILENO), error))
        return -1;
    resources->stop = stop_new(settings->max_time, error);
    return resources->stop ? 0 : -1;
}

static enum exit_status print_config(struct run *run, struct error *error)
{
    return run_print_config(&run->config, &run->resources, error) ? end_run(run, -1, error)
                                                                  : EXIT_ALL_DONE;
}

enum exit_status run_main(struct command_line *line)
{
    struct run run = {
        .config = {.settings = &line->settings,
                   .stream = -1,
                   .inputs = line->operands,
                   .input_count = line->operand_count},
    };
    struct error error = {0};
    enum exit_status status;
    if (prepare(&run.config, &run.resources, &error))
        status = command_fail(line->command, &error);
    else if (line->settings.print_config)
        status = print_config(&run, &error);
    else if (run.config.stream >= 0)
        status = end_run(&run, run_stream(&run, &error), &error);
    else
        status = run_locked(&run, &error);
    free_resources(&run.config, &run.resources);
    return status;
}
