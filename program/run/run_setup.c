#include "program/run/run_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "images/image_worker.h"
#include "jobs/list.h"
#include "jobs/memory_budget.h"
#include "jobs/memory_room.h"
#include "jobs/progress.h"
#include "jobs/thread_limit.h"
#include "library/mm_handles.h"
#include "model/sam.h"
#include "pipeline/classifier.h"
#include "pipeline/generate.h"
#include "pipeline/mask_embedding.h"
#include "program/config.h"
#include "program/label/labels.h"
#include "program/model_load.h"
#include "program/run/image_words.h"
#include "program/run/item_label.h"
#include "program/run/item_memory.h"
#include "program/run/run.h"
#include "program/tars/run_tars.h"

int run_take_output(int *output, struct error *error)
{
    *output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (*output < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return error_set_system(error, ERROR_IO, errno, "standard output");
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

int run_start_reporting(const struct run_config *config, struct run_resources *resources,
                        bool terminal, struct error *error)
{
    const struct settings *settings = config->settings;
    char labels[64] = "";
    if (config->shard.count > 1)
        snprintf(labels, sizeof labels, "shard=\"%u/%u\"", config->shard.index,
                 config->shard.count);
    const struct progress_options options = {
        .words = &image_words,
        .out = stderr,
        .json = strcmp(settings->log_format, "json") == 0,
        .quiet = settings->quiet,
        .terminal = terminal,
        .metrics = settings->metrics,
        .labels = labels,
    };
    resources->progress = progress_new(&options, error);
    return resources->progress ? 0 : -1;
}

static int load_model(struct run_config *config, struct run_resources *resources,
                      struct error *error)
{
    char defaults[MODEL_LOAD_DEFAULTS];
    char dropped[MODEL_LOAD_DEFAULTS];
    if (model_load(&resources->model, config->settings, defaults, error) ||
        model_load_digest(resources->model, config->model_sha256, error))
        return -1;
    model_load_dropped(resources->model, dropped);
    if (*dropped)
        progress_log(resources->progress, PROGRESS_INFO, "%s: %s",
                     model_load_name(config->settings), dropped);
    if (*defaults)
        progress_log(resources->progress, PROGRESS_INFO, "%s: its own defaults are used:%s",
                     model_load_name(config->settings), defaults);
    return 0;
}

int run_print_config(struct run_config *config, struct run_resources *resources,
                     struct error *error)
{
    char *text = NULL;
    if (load_model(config, resources, error) == 0)
        text = config_text(config->settings, error);
    if (!text)
        return -1;
    puts(text);
    free(text);
    return 0;
}

int run_start(struct run_config *config, struct run_resources *resources, struct error *error)
{
    if (image_library_start(error))
        return -1;
    resources->library_started = true;
    return load_model(config, resources, error);
}

int run_check_inputs(const struct run_config *config, struct list *list, struct error *error)
{
    struct list_item item;
    int tile = config->settings->generator.tile;
    int found;
    if (settings_to_tar(config->settings))
        return run_tars_check_inputs(config, list, error);
    if (!tile)
        return 0;
    while ((found = list_next(list, &item, error)) > 0)
        if (item.folder)
            return error_set(error, ERROR_USAGE,
                             "%s: images in a tar cannot be read in tiles; unpack it, or leave out "
                             "--tile %d",
                             item.path, tile);
    return found < 0 ? -1 : list_rewind(list, error);
}

/* Several images at a time, with one thread each, give the most images an hour. A single image is
 * done soonest with all threads. */
static void choose_workers(struct run_config *config, uint64_t images)
{
    const struct settings *settings = config->settings;
    int cpus = budget_cpus("");
    int threads = settings->threads ? settings->threads : 1;
    config->workers = settings->workers;
    if (!config->workers) {
        config->workers = cpus / threads > 1 ? cpus / threads : 1;
        if (images < (uint64_t)config->workers)
            config->workers = images ? (int)images : 1;
    }
    int share = cpus / config->workers > 1 ? cpus / config->workers : 1;
    config->threads = settings->threads ? settings->threads : share;
}

static int wake_embedder(const struct run_config *config, struct run_resources *resources,
                         int index, struct error *error)
{
    enum mask_embedding_kind kind = MASK_EMBEDDING_IMAGE;
    mask_embedding_find(config->settings->embeddings, &kind);
    if (!resources->embedders[index])
        resources->embedders[index] =
            mask_embedder_new(mm_model_sam(resources->model), kind, error);
    return resources->embedders[index] ? 0 : -1;
}

static int wake_classifier(const struct run_config *config, struct run_resources *resources,
                           int index, struct error *error)
{
    if (!resources->classifiers[index])
        resources->classifiers[index] = labels_worker(resources->labels, config->threads, error);
    return resources->classifiers[index] ? 0 : -1;
}

int run_wake_worker(const struct run_config *config, struct run_resources *resources, int index,
                    struct error *error)
{
    if (!resources->generators[index])
        resources->generators[index] = generator_new(
            mm_model_sam(resources->model), &config->settings->generator, config->threads, error);
    if (!resources->generators[index])
        return -1;
    if (resources->embedders && wake_embedder(config, resources, index, error))
        return -1;
    return resources->classifiers ? wake_classifier(config, resources, index, error) : 0;
}

int run_check_models(const struct run_resources *resources, struct error *error)
{
    if (model_load_check(resources->model, error))
        return -1;
    return resources->labels ? labels_check_unchanged(resources->labels, error) : 0;
}

void run_rest_workers(const struct run_config *config, struct run_resources *resources)
{
    for (int i = 0; i < config->workers; i++) {
        generator_free(resources->generators[i]);
        resources->generators[i] = NULL;
        if (resources->embedders) {
            mask_embedder_free(resources->embedders[i]);
            resources->embedders[i] = NULL;
        }
        if (resources->classifiers) {
            classifier_free(resources->classifiers[i]);
            resources->classifiers[i] = NULL;
        }
    }
    malloc_trim(0); /* else the C library may keep what was freed */
}

static int add_worker(const struct run_config *config, struct run_resources *resources, int index,
                      struct error *error)
{
    if (run_wake_worker(config, resources, index, error))
        return -1;
    if (!resources->strip_workers)
        return 0;
    resources->strip_workers[index] = decoder_worker(&resources->decoder, config->settings, error);
    return resources->strip_workers[index] ? 0 : -1;
}

/* Makes the first worker and measures its memory. Decides from that how many workers fit into the
 * budget, and how much is left for images. */
static int fit_workers(struct run_config *config, struct run_resources *resources,
                       struct error *error)
{
    uint64_t used = budget_memory_used("");
    struct budget budget = {.all = decoder_budget(config->settings, used),
                            .fixed = used + DECODER_PROCESSES + ITEM_MEMORY_SLACK,
                            .item = ITEM_MEMORY_ORDINARY};
    if (add_worker(config, resources, 0, error))
        return -1;
    budget.per_worker = budget_memory_used("") - used;
    if (resources->strip_workers)
        budget.per_worker += DECODER_PROCESS + ITEM_MEMORY_SLACK;
    int fitting;
    if (budget_workers(&budget, config->workers, &fitting, error))
        return error_prefix(error, "--memory");
    if (fitting < config->workers)
        progress_log(resources->progress, PROGRESS_WARNING,
                     "memory for only %d of %d workers; see --memory", fitting, config->workers);
    config->workers = fitting;
    uint64_t alone = budget.all - budget.fixed - budget.per_worker;
    if (alone < ITEM_MEMORY_ORDINARY)
        progress_log(
            resources->progress, PROGRESS_WARNING,
            "little memory is left for images: %llu MiB, and a photograph may take %d MiB; "
            "see --memory",
            (unsigned long long)(alone >> 20), ITEM_MEMORY_ORDINARY >> 20);
    resources->room =
        memory_room_new(alone - budget.per_worker * (uint64_t)(fitting - 1), alone, error);
    return resources->room ? 0 : -1;
}

/* OpenMP starts threads only where a worker has several, and ends the process if it cannot. Beside
 * those, a run has three threads, two more with --spool, and a child that decodes. */
static int check_threads(const struct run_config *config, struct error *error)
{
    enum { OTHERS = 6 };
    return config->threads > 1
               ? thread_limit_check(config->workers * config->threads + OTHERS, error)
               : 0;
}

/* Makes the lists of what each worker has; nothing in them yet. */
static int list_workers(const struct run_config *config, struct run_resources *resources,
                        struct error *error)
{
    size_t count = (size_t)config->workers;
    resources->generators = memory_new(count, sizeof *resources->generators, "workers", error);
    if (!resources->generators)
        return -1;
    if (config->settings->generator.tile &&
        !(resources->strip_workers =
              memory_new(count, sizeof *resources->strip_workers, "workers", error)))
        return -1;
    if (config->settings->embeddings && !labels_embed(config->settings) &&
        !(resources->embedders = memory_new(count, sizeof *resources->embedders, "workers", error)))
        return -1;
    if (resources->labels && !(resources->classifiers = memory_new(
                                   count, sizeof *resources->classifiers, "workers", error)))
        return -1;
    return 0;
}

int run_start_workers(struct run_config *config, struct run_resources *resources, uint64_t images,
                      struct error *error)
{
    choose_workers(config, images);
    config->reading = decoder_reading(config->settings);
    resources->image_worker = decoder_worker(&resources->decoder, config->settings, error);
    if (!resources->image_worker)
        return -1;
    if (item_label_prepare(resources, error) || list_workers(config, resources, error) ||
        fit_workers(config, resources, error))
        return -1;
    for (int i = 1; i < config->workers; i++)
        if (add_worker(config, resources, i, error))
            return -1;
    return check_threads(config, error);
}

void run_stop_workers(const struct run_config *config, struct run_resources *resources)
{
    for (int i = 0; resources->generators && i < config->workers; i++)
        generator_free(resources->generators[i]);
    for (int i = 0; resources->embedders && i < config->workers; i++)
        mask_embedder_free(resources->embedders[i]);
    for (int i = 0; resources->strip_workers && i < config->workers; i++)
        image_worker_free(resources->strip_workers[i]);
    for (int i = 0; resources->classifiers && i < config->workers; i++)
        classifier_free(resources->classifiers[i]);
    memory_free(resources->generators);
    memory_free(resources->embedders);
    memory_free(resources->classifiers);
    memory_free(resources->strip_workers);
    image_worker_free(resources->image_worker);
    memory_room_free(resources->room);
    mm_model_free(resources->model);
}
