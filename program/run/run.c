/* run.c - `maskmill run`: from the command line to the exit status.
 *
 *   options -> model (and its own defaults) -> inputs, surveyed -> output folder, as it was left
 *   -> workers -> images through the stages (collection.c) -> summary
 */
#include "program/run/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_batch.h"
#include "base/atomic_sync.h"
#include "images/image_worker.h"
#include "images/tar_input.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/ledger_status.h"
#include "jobs/list.h"
#include "jobs/lock.h"
#include "jobs/progress.h"
#include "jobs/stop.h"
#include "jobs/unknown.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/config.h"
#include "program/run/run_clean.h"
#include "program/run/run_formats.h"

enum { SYNC_FILES = 256 }; /* records whose folders are synced together at most */
#define SYNC_SECONDS 1.0   /* and how long the first of them waits at most */

void run_fail(struct run *run, const struct error *error)
{
    if (!atomic_exchange(&run->failing, true))
        run->fatal = *error;
    stop_ask(run->stop);
}

/* Reads --max-failures "N" or "P%". */
static int read_failure_limit(struct run *run, struct error *error)
{
    const char *text = run->settings->max_failures;
    char *end;
    run->failures_most = UINT64_MAX;
    run->failures_share = 2;
    if (!text)
        return 0;
    errno = 0;
    double number = strtod(text, &end);
    bool percent = strcmp(end, "%") == 0;
    if (end == text || (*end && !percent) || !(number >= 0) ||
        (percent ? number > 100 : number > 1e15))
        return error_set(error, ERROR_USAGE,
                         "--max-failures %s: expected a number of images, or 0%% to 100%%", text);
    if (percent)
        run->failures_share = number / 100;
    else
        run->failures_most = (uint64_t)number;
    return 0;
}

static const char *environment(const char *name)
{
    return getenv(name);
}

static int check_options(struct run *run, struct error *error)
{
    const struct settings *settings = run->settings;
    run->formats = run_formats_new(run, error);
    if (!run->formats)
        return -1;
    if (settings->print_config)
        return 0;
    if (!settings->output)
        return error_set(error, ERROR_USAGE, "-o DIR is missing: the folder for the records");
    if (run->input_count == 0 && !settings->list)
        return error_set(error, ERROR_USAGE, "no INPUT: name images, folders, or --list FILE");
    run->shard = (struct shard){0, 1};
    if (settings->shard && shard_parse(settings->shard, environment, &run->shard, error))
        return -1;
    return read_failure_limit(run, error);
}

/* ---- the run ---- */

static int start_reporting(struct run *run, struct error *error)
{
    const struct settings *settings = run->settings;
    char labels[64] = "";
    if (run->shard.count > 1)
        snprintf(labels, sizeof labels, "shard=\"%u/%u\"", run->shard.index, run->shard.count);
    const struct progress_options options = {
        .out = stderr,
        .json = strcmp(settings->log_format, "json") == 0,
        .quiet = settings->quiet,
        .terminal = isatty(STDERR_FILENO),
        .metrics = settings->metrics,
        .labels = labels,
    };
    run->progress = progress_new(&options, error);
    return run->progress ? 0 : -1;
}

static int open_inputs(struct run *run, struct list_survey *survey, struct error *error)
{
    const struct list_options options = {
        .inputs = (const char *const *)run->inputs,
        .input_count = (size_t)run->input_count,
        .list_file = run->settings->list,
        .null_separated = run->settings->null_separated,
        .skip_folder = run->settings->output,
        .wanted = image_has_extension,
        .folder = tar_input_stem,
        .skip_suffix = ".overlay.jpg",
    };
    for (int i = 0; i < run->input_count && i < RUN_INPUTS_MAX; i++)
        mount_note(run->inputs[i], &run->mounts[i]);
    run->list = list_open(&options, error);
    return run->list ? list_survey(run->list, &run->shard, survey, error) : -1;
}

/* `images`: in this shard, or IMAGES_UNKNOWN. */
static int begin_ledger(struct run *run, uint64_t images, struct error *error)
{
    run->batch = atomic_batch_new(SYNC_FILES, SYNC_SECONDS, error);
    run->ledger = run->batch ? ledger_open(run->settings->output, &run->shard, error) : NULL;
    if (!run->ledger || ledger_append_start(run->ledger, images, error))
        return -1;
    struct ledger_counts before = ledger_index_counts(run->before);
    uint64_t tried = before.done + before.failed;
    uint64_t left = images > tried ? images - tried : 0;
    if (images == IMAGES_UNKNOWN)
        left = IMAGES_UNKNOWN;
    else if (run->settings->retry_failed)
        left = before.failed;
    progress_expect(run->progress, left, before.done, before.failed);
    run->failed_before = run->settings->retry_failed ? 0 : before.failed;
    return 0;
}

static int take_lock(struct run *run, struct error *error)
{
    char path[4096];
    if (atomic_make_folder(run->settings->output, error))
        return -1;
    int length = snprintf(path, sizeof path, "%s/" LEDGER_FOLDER, run->settings->output);
    if (length < 0 || (size_t)length >= sizeof path - 64)
        return error_set(error, ERROR_USAGE, "-o %s: the path is too long", run->settings->output);
    if (atomic_make_folder(path, error))
        return -1;
    snprintf(path + length, sizeof path - (size_t)length, "/lock-%u-of-%u", run->shard.index,
             run->shard.count);
    return lock_take(path, LOCK_WATCH, &run->lock, error);
}

/* Everything from the model to the last image. */
static int carry_out(struct run *run, struct error *error)
{
    struct list_survey survey;
    if (image_library_start(error))
        return -1;
    run->library_started = true;
    int status = -1;
    if (run_load_model(run, error) || open_inputs(run, &survey, error) ||
        run_check_inputs(run, error))
        return -1;
    if (run_folder_open(run, error) == 0 && begin_ledger(run, survey.mine, error) == 0 &&
        run_formats_open(run->formats, error) == 0 &&
        run_start_workers(run, survey.mine, error) == 0) {
        status = collection_run(run, error);
        if (status == 0 && atomic_load(&run->failing)) {
            *error = run->fatal;
            status = -1;
        }
    }
    if (status == 0)
        status = run_formats_finish(run->formats, stop_reason(run->stop) == STOP_NONE, error);
    return status;
}

/* The exit status, and in a word why the run ended. */
static enum exit_status conclude(const struct run *run, int status, const struct error *error,
                                 const char **reason)
{
    *reason = "error";
    if (status)
        return command_status(error);
    if (run->too_many_failures) {
        *reason = "failures";
        return EXIT_TOO_MANY_FAILURES;
    }
    if (stop_reason(run->stop) != STOP_NONE) {
        *reason = "stopped";
        return EXIT_STOPPED;
    }
    *reason = "done";
    return run->failed + run->failed_before ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}

/* The last line of the ledger, and failed.ndjson. What cannot be written there is an error of the
 * run, even where all images are done: who reads these files must be able to trust them. */
static int end_ledger(struct run *run, const char *reason, struct error *error)
{
    bool none = run->failed == 0 && !run->settings->overwrite &&
                ledger_index_counts(run->before).failed == 0;
    ledger_index_free(run->before); /* as large as the one that failed.ndjson takes */
    run->before = NULL;
    return ledger_append_end(run->ledger, reason, error) || ledger_sync(run->ledger, error) ||
                   ledger_write_failed(run->settings->output, &run->shard, none, NULL, error)
               ? -1
               : 0;
}

static enum exit_status end_run(struct run *run, int status, struct error *error)
{
    const char *reason;
    struct error at_end;
    enum exit_status exit_status = conclude(run, status, error, &reason);
    if (status)
        progress_log(run->progress, PROGRESS_ERROR, "%s", error->text);
    if (run->ledger && end_ledger(run, reason, &at_end)) {
        progress_log(run->progress, PROGRESS_ERROR, "%s", at_end.text);
        exit_status = conclude(run, -1, status ? error : &at_end, &reason);
    }
    if (run->ledger)
        progress_finish(run->progress, reason, exit_status);
    return exit_status;
}

static void run_free(struct run *run)
{
    run_stop_workers(run);
    image_server_stop(run->image_server);
    run_clean_free(run->clean);
    run_formats_free(run->formats);
    ledger_close(run->ledger);
    ledger_index_free(run->before);
    atomic_batch_free(run->batch);
    list_close(run->list);
    lock_release(run->lock);
    progress_free(run->progress);
    stop_free(run->stop);
    if (run->library_started)
        image_library_stop();
}

/* With the lock held, the run; without it, the reason why not. */
static enum exit_status run_locked(struct run *run, struct error *error)
{
    int answer = take_lock(run, error);
    if (answer == LOCK_TAKEN)
        return end_run(run, carry_out(run, error), error);
    if (answer != LOCK_HELD)
        return end_run(run, -1, error);
    progress_log(run->progress, run->settings->lock ? PROGRESS_INFO : PROGRESS_ERROR, "%s: %s",
                 run->settings->output, error->text);
    return run->settings->lock ? EXIT_ALL_DONE : EXIT_ENVIRONMENT;
}

static int prepare(struct run *run, struct error *error)
{
    struct settings *settings = run->settings;
    if (settings->config && config_read(settings, settings->config, error))
        return -1;
    if (settings->preset && config_preset(settings, settings->preset, error))
        return -1;
    /* The server forks, so it comes before the first thread. */
    if (check_options(run, error) || image_server_start(&run->image_server, error) ||
        start_reporting(run, error))
        return -1;
    run->stop = stop_new(settings->max_time, error);
    return run->stop ? 0 : -1;
}

static enum exit_status print_config(struct run *run, struct error *error)
{
    char *text = run_load_model(run, error) ? NULL : config_text(run->settings, error);
    if (!text)
        return end_run(run, -1, error);
    puts(text);
    free(text);
    return EXIT_ALL_DONE;
}

enum exit_status run_main(struct command_line *line)
{
    struct run run = {
        .settings = &line->settings,
        .inputs = line->operands,
        .input_count = line->operand_count,
    };
    struct error error = {0};
    enum exit_status status;
    if (prepare(&run, &error))
        status = command_fail(line->command, &error);
    else if (run.settings->print_config)
        status = print_config(&run, &error);
    else
        status = run_locked(&run, &error);
    run_free(&run);
    return status;
}
