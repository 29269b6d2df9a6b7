/* review_main.c - `maskmill review`:
 *
 *   decoder (forks) -> signals -> model -> records (review_session.h) -> server (review_server.h), until Ctrl-C
 */
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/plain_text.h"
#include "images/image.h"
#include "include/maskmill.h"
#include "jobs/memory_budget.h"
#include "jobs/stop.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/decoder.h"
#include "program/model_load.h"
#include "program/review/review_classes.h"
#include "program/review/review_desk.h"
#include "program/review/review_engine.h"
#include "program/review/review_log.h"
#include "program/review/review_photos.h"
#include "program/review/review_print.h"
#include "program/review/review_server.h"
#include "program/review/review_session.h"

enum { EMBEDDINGS_MOST = 512 << 20 }; /* bytes: some 16 images of SAM's models */

struct reviewing {
    struct settings *settings;
    const char *records;
    struct stop *stop;
    struct decoder decoder;
    struct mm_model *model;
    struct review_engine *engine;
    struct review_classes classes;
    struct review_session session;
    struct review_photos *photos;
    struct review_log *log;
    struct review_desk desk;
    struct review_server *server;
};

/* Who reviews: --by, or the user's name. */
static const char *reviewer(const struct settings *settings)
{
    const struct passwd *user = settings->by ? NULL : getpwuid(geteuid());
    if (settings->by)
        return settings->by;
    return user && *user->pw_name ? user->pw_name : "unknown";
}

static int load_model(struct reviewing *reviewing, struct error *error)
{
    char defaults[MODEL_LOAD_DEFAULTS];
    if (model_load(&reviewing->model, reviewing->settings, defaults, error))
        return -1;
    model_load_tell("review", reviewing->settings, reviewing->model, "");
    return 0;
}

/* Embeddings get a part of the memory, and the decoder the rest. */
static int open_engine(struct reviewing *reviewing, struct error *error)
{
    struct settings decoding = *reviewing->settings;
    int cpus = budget_cpus("");
    uint64_t all = decoder_budget(reviewing->settings, budget_memory_used(""));
    uint64_t embeddings = all / 4 < EMBEDDINGS_MOST ? all / 4 : EMBEDDINGS_MOST;
    decoding.memory = all - embeddings;
    if (decoder_open(&reviewing->decoder, &decoding, cpus, error))
        return -1;
    const struct review_engine_options options = {
        .model = reviewing->model,
        .settings = reviewing->settings,
        .pool = reviewing->decoder.pool,
        .threads = reviewing->settings->threads ? reviewing->settings->threads : cpus,
        .bytes = embeddings};
    reviewing->engine = review_engine_new(&options, error);
    return reviewing->engine ? 0 : -1;
}

/* What forks comes first, then what blocks signals, then what starts threads. */
static int prepare(struct reviewing *reviewing, struct error *error)
{
    const struct settings *settings = reviewing->settings;
    if (review_server_check(error) ||
        (settings->classes && review_classes_read(&reviewing->classes, settings->classes, error)) ||
        decoder_start(&reviewing->decoder, error))
        return -1;
    reviewing->stop = stop_new(0, error);
    if (!reviewing->stop || image_library_start(error) || load_model(reviewing, error) ||
        open_engine(reviewing, error))
        return -1;
    if (review_session_open(&reviewing->session, settings, reviewing->decoder.pool,
                            reviewing->records, error))
        return -1;
    reviewing->photos = review_photos_new(&reviewing->session, error);
    if (!reviewing->photos)
        return -1;
    const struct folder *run = reviewing->session.folder;
    reviewing->log = settings->read_only ? review_log_look(run, error)
                                         : review_log_open(run, reviewer(settings), error);
    if (!reviewing->log && error->code == ERROR_STOPPED)
        error->code = ERROR_IO; /* another review has the run: nothing was stopped here */
    return reviewing->log ? 0 : -1;
}

static void print_notes(const struct reviewing *reviewing)
{
    const struct review_session *session = &reviewing->session;
    if (!session->images)
        fputs("maskmill review: the photographs' folder is not named: masks are drawn on gray, and "
              "none can be added; --images DIR names it\n",
              stderr);
    else if (session->run.missing)
        plain_line(stderr,
                   "maskmill review: photographs below %s that are missing or cannot be opened: "
                   "%zu; their masks are drawn on gray",
                   reviewing->settings->images, session->run.missing);
    fputs("maskmill review: open the address in a browser of this machine; Ctrl-C ends\n", stderr);
}

static int serve(struct reviewing *reviewing, struct error *error)
{
    reviewing->desk = (struct review_desk){
        .session = &reviewing->session,
        .photos = reviewing->photos,
        .engine = reviewing->engine,
        .log = reviewing->log,
        .read_only = reviewing->settings->read_only,
        .by = reviewer(reviewing->settings),
        .model = mm_model_name(reviewing->model),
        .classes = reviewing->classes.names,
        .class_count = reviewing->classes.count,
    };
    signal(SIGPIPE, SIG_IGN);
    reviewing->server = review_server_start(&reviewing->desk, reviewing->settings->port, error);
    if (!reviewing->server)
        return -1;
    print_notes(reviewing);
    puts(review_server_address(reviewing->server));
    if (fflush(stdout))
        return error_set(error, ERROR_IO, "standard output: the address cannot be written");
    while (!stop_wait(reviewing->stop, 1))
        review_server_tick(reviewing->server);
    return 0;
}

enum exit_status review_main(struct command_line *line)
{
    struct error error;
    struct reviewing reviewing = {.settings = &line->settings, .records = line->operands[0]};
    if (line->settings.print)
        return review_print(line);
    int result = prepare(&reviewing, &error);
    if (result == 0)
        result = serve(&reviewing, &error);
    review_server_stop(reviewing.server);
    review_engine_free(reviewing.engine); /* its thread opens images of the session */
    review_photos_free(reviewing.photos); /* so does this one's */
    review_log_close(reviewing.log);
    review_session_close(&reviewing.session);
    review_classes_free(&reviewing.classes);
    mm_model_free(reviewing.model);
    decoder_stop(&reviewing.decoder);
    image_library_stop();
    stop_free(reviewing.stop);
    return result ? command_fail(line->command, &error) : EXIT_ALL_DONE;
}
