/* pipe_main.c - `maskmill pipe`: a run without a folder. Its images come as requests on standard input,
 * and its sink answers each with a line on standard output. docs/pipe.md has the protocol.
 *
 *   standard input -> pipe_input.c -> pipe_reader.c -> collection (program/run) -> pipe_answers.c
 */
#include <errno.h>
#include <unistd.h>

#include "base/memory.h"
#include "images/image.h"
#include "jobs/items.h"
#include "jobs/progress.h"
#include "jobs/stop.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/config.h"
#include "program/pipe/pipe_answers.h"
#include "program/pipe/pipe_input.h"
#include "program/pipe/pipe_reader.h"
#include "program/run/collection.h"
#include "program/run/item_memory.h"
#include "program/run/run.h"
#include "program/run/run_notices.h"
#include "program/run/run_setup.h"
#include "records/record.h"

enum { BLOCK = 1 << 16 };

/* The pipe while it serves. */
struct serving {
    struct run run;
    struct pipe_answers answers;
    struct pipe_reader *reader; /* owned */
    struct collection *collection;
    size_t waiting; /* bytes: collection_waiting_bytes */
    char *block;    /* owned: [BLOCK] */
    bool cut;       /* the input ended within an image */
};

static int check_options(struct serving *serving, const struct command_line *line,
                         struct error *error)
{
    struct settings *settings = serving->run.config.settings;
    if (line->operand_count > 0)
        return error_set(error, ERROR_USAGE, "%s: the images are named on standard input",
                         line->operands[0]);
    if ((settings->config && config_read(settings, settings->config, error)) ||
        (settings->preset && config_preset(settings, settings->preset, error)))
        return -1;
    settings->overlay = false; /* of a run's configuration: there is no place for pictures */
    if (settings->fields && record_fields_parse(&serving->answers.fields, settings->fields, error))
        return error_prefix(error, "--fields %s", settings->fields);
    return 0;
}

static int prepare(struct serving *serving, const struct command_line *line, struct error *error)
{
    struct run *run = &serving->run;
    /* Drawn over answers, the line of figures would spoil them. */
    bool terminal = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
    if (check_options(serving, line, error))
        return -1;
    serving->answers.run = run;
    serving->answers.in_order = !run->config.settings->unordered;
    if (!run->config.settings->print_config && run_take_output(&serving->answers.output, error))
        return -1;
    /* The decoder forks, so it starts before the first thread. */
    if (decoder_start(&run->resources.decoder, error) ||
        run_start_reporting(&run->config, &run->resources, terminal, error))
        return -1;
    run->resources.stop = stop_new(0, error);
    return run->resources.stop ? 0 : -1;
}

static int set_up(struct serving *serving, struct error *error)
{
    struct run *run = &serving->run;
    serving->reader = memory_new(1, sizeof *serving->reader, "requests", error);
    serving->block = memory_new(BLOCK, 1, "requests", error);
    if (!serving->reader || !serving->block || run_start(&run->config, &run->resources, error) ||
        run_start_workers(&run->config, &run->resources, ITEMS_UNKNOWN, error))
        return -1;
    serving->reader->most = item_memory_encoded(run);
    const struct sink sink = pipe_answers_sink(&serving->answers);
    serving->collection = collection_open(run, &sink, error);
    if (!serving->collection)
        return -1;
    serving->waiting = collection_waiting_bytes(serving->collection);
    progress_expect(run->resources.progress, ITEMS_UNKNOWN, 0, 0);
    return 0;
}

/* Takes a request through the stages; waits while all items are in use. 0 or -1. */
static int submit(struct serving *serving, struct pipe_taken *taken, struct error *error)
{
    struct pipe_request *request = &taken->request;
    const int tile = serving->run.config.settings->generator.tile;
    if (taken->bytes && tile && !request->fault.code)
        error_set(&request->fault, ERROR_IMAGE,
                  "%s: bytes cannot be read in tiles; send a path, or leave out --tile %d",
                  request->name, tile);
    struct pipe_answer *answer = pipe_answer_new(request->id, error);
    if (!answer)
        return -1;
    request->id = NULL;
    const struct submission image = {.path = request->path ? request->path : request->name,
                                     .key = request->name,
                                     .given = taken->bytes,
                                     .size = taken->size,
                                     .fault = request->fault.code ? &request->fault : NULL,
                                     .tag = answer};
    taken->bytes = NULL;
    if (collection_submit(serving->collection, &image, error) == 0)
        return 0;
    pipe_answer_free(answer);
    return -1;
}

/* Submits the requests that these bytes complete. 0 or -1. */
static int take_bytes(struct serving *serving, const char *bytes, size_t size, struct error *error)
{
    int status = 0;
    while (status == 0 && size > 0 && !run_stopping(&serving->run)) {
        struct pipe_taken taken = {0};
        size_t used;
        int found = pipe_reader_take(serving->reader, bytes, size, &used, &taken, error);
        bytes += used;
        size -= used;
        status = found < 0 ? -1 : found > 0 ? submit(serving, &taken, error) : 0;
        if (pipe_reader_expects(serving->reader) > serving->waiting)
            collection_settle(serving->collection);
        pipe_taken_free(&taken);
    }
    return status;
}

static int take_last(struct serving *serving, struct error *error)
{
    struct pipe_taken taken = {0};
    int found = pipe_reader_end(serving->reader, &taken, &serving->cut, error);
    int status = found > 0 ? submit(serving, &taken, error) : found;
    pipe_taken_free(&taken);
    return status;
}

/* Answers requests until the input ends or the run is stopping. 0 or -1. */
static int serve(struct serving *serving, struct error *error)
{
    const struct pipe_input input = {.input = STDIN_FILENO,
                                     .output = serving->answers.output,
                                     .stop = serving->run.resources.stop};
    for (;;) {
        ssize_t got = pipe_input_read(&input, serving->block, BLOCK, error);
        if (got < 0)
            return -1;
        if (run_stopping(&serving->run))
            return 0;
        if (got == 0)
            return take_last(serving, error);
        if (take_bytes(serving, serving->block, (size_t)got, error))
            return -1;
    }
}

/* From the model to the last answer. */
static int carry_out(struct serving *serving, struct error *error)
{
    struct run *run = &serving->run;
    int status = set_up(serving, error) || serve(serving, error) ? -1 : 0;
    if (status)
        run_fail(run, error);
    collection_close(serving->collection); /* drains */
    serving->collection = NULL;
    if (run_failure(run, error))
        return -1;
    return serving->cut ? error_set(error, ERROR_IO, "standard input: ended within an image") : 0;
}

static enum exit_status end_pipe(struct serving *serving, int status, const struct error *error)
{
    const struct run *run = &serving->run;
    struct progress *progress = run->resources.progress;
    bool stopped = status == 0 && run_stopping(run);
    const char *reason = status ? "error" : stopped ? "stopped" : "done";
    enum exit_status answer = status    ? command_status(error)
                              : stopped ? EXIT_STOPPED
                                        : EXIT_ALL_DONE;
    if (status && error->system != EPIPE)
        progress_log(progress, PROGRESS_ERROR, "%s", error->text);
    run_notices_finish(run);
    progress_finish(progress, reason, (int)answer);
    return answer;
}

static enum exit_status print_config(struct run *run, struct error *error)
{
    if (run_print_config(&run->config, &run->resources, error) == 0)
        return EXIT_ALL_DONE;
    progress_log(run->resources.progress, PROGRESS_ERROR, "%s", error->text);
    return command_status(error);
}

static void free_serving(struct serving *serving)
{
    struct run_resources *resources = &serving->run.resources;
    if (serving->reader)
        pipe_reader_free(serving->reader);
    memory_free(serving->reader);
    memory_free(serving->block);
    run_stop_workers(&serving->run.config, resources);
    decoder_stop(&resources->decoder);
    progress_free(resources->progress);
    stop_free(resources->stop);
    if (resources->library_started)
        image_library_stop();
}

enum exit_status pipe_main(struct command_line *line)
{
    struct serving serving = {
        .run.config = {.settings = &line->settings,
                       .failures_most = UINT64_MAX,
                       .failures_share = 2,
                       .finishes_submitted = true},
    };
    struct error error = {0};
    enum exit_status status;
    if (prepare(&serving, line, &error))
        status = command_fail(line->command, &error);
    else if (line->settings.print_config)
        status = print_config(&serving.run, &error);
    else
        status = end_pipe(&serving, carry_out(&serving, &error), &error);
    free_serving(&serving);
    return status;
}
