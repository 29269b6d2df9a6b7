/* run_setup.c - what a run needs before its first image: the model, inputs that it can read, and
 * the workers. See run.h. */
#include "base/memory.h"
#include "images/image_worker.h"
#include "jobs/list.h"
#include "jobs/memory_budget.h"
#include "jobs/progress.h"
#include "model/sam.h"
#include "pipeline/generate.h"
#include "program/model_load.h"
#include "program/run/run.h"

int run_load_model(struct run *run, struct error *error)
{
    char said[MODEL_LOAD_DEFAULTS];
    if (model_load(&run->sam, run->settings, said, error) ||
        model_load_digest(run->settings, run->model_sha256, error))
        return -1;
    if (*said)
        progress_log(run->progress, PROGRESS_INFO, "%s: its own defaults are used:%s",
                     model_load_name(run->settings), said);
    return 0;
}

int run_check_inputs(struct run *run, struct error *error)
{
    struct list_item item;
    int tile = run->settings->generator.tile;
    int found;
    if (!tile)
        return 0;
    while ((found = list_next(run->list, &item, error)) > 0)
        if (item.folder)
            return error_set(error, ERROR_USAGE,
                             "%s: images in a tar cannot be read in tiles; unpack it, or leave out "
                             "--tile %d",
                             item.path, tile);
    return found < 0 ? -1 : list_rewind(run->list, error);
}

/* Several images at a time with one thread each give the most images an hour; a single image is
 * done soonest with all threads. */
static void choose_workers(struct run *run, uint64_t images)
{
    const struct settings *settings = run->settings;
    int cpus = budget_cpus("");
    int threads = settings->threads ? settings->threads : 1;
    run->workers = settings->workers;
    if (!run->workers) {
        run->workers = cpus / threads > 1 ? cpus / threads : 1;
        if (images < (uint64_t)run->workers)
            run->workers = images ? (int)images : 1;
    }
    int share = cpus / run->workers > 1 ? cpus / run->workers : 1;
    run->threads = settings->threads ? settings->threads : share;
}

static int add_worker(struct run *run, int index, struct error *error)
{
    const struct image_worker_options decoding = {.seconds = run->settings->image_timeout};
    run->generators[index] =
        generator_new(run->sam, &run->settings->generator, run->threads, error);
    if (run->generators[index] && run->strip_workers)
        run->strip_workers[index] = image_worker_new(run->image_server, &decoding, error);
    return run->generators[index] && (!run->strip_workers || run->strip_workers[index]) ? 0 : -1;
}

/* Makes the first worker, and from what it took decides how many fit into the budget beside it, and
 * how large the images may be that are held at the same time. */
static int fit_workers(struct run *run, struct error *error)
{
    uint64_t fixed = budget_memory_used("");
    uint64_t budget = run->settings->memory;
    if (!budget)
        budget = budget_memory_free("") > UINT64_MAX - fixed ? UINT64_MAX
                                                             : budget_memory_free("") + fixed;
    if (add_worker(run, 0, error))
        return -1;
    uint64_t each = budget_memory_used("") - fixed;
    int fitting;
    if (budget_workers(budget, fixed, each, run->workers, &fitting, error))
        return error_prefix(error, "--memory");
    if (fitting < run->workers)
        progress_log(run->progress, PROGRESS_WARNING,
                     "memory for %d of %d workers only: see --memory", fitting, run->workers);
    run->workers = fitting;
    uint64_t left = budget - fixed - each * (uint64_t)fitting;
    run->limits.max_bytes = left / collection_images(fitting) + 1;
    return 0;
}

int run_start_workers(struct run *run, uint64_t images, struct error *error)
{
    choose_workers(run, images);
    run->limits.max_pixels = run->settings->max_pixels;
    const struct image_worker_options decoding = {.seconds = run->settings->image_timeout};
    run->image_worker = image_worker_new(run->image_server, &decoding, error);
    if (!run->image_worker)
        return -1;
    run->generators = memory_new((size_t)run->workers, sizeof *run->generators, "workers", error);
    if (run->settings->generator.tile)
        run->strip_workers =
            memory_new((size_t)run->workers, sizeof *run->strip_workers, "workers", error);
    if (!run->generators || (run->settings->generator.tile && !run->strip_workers) ||
        fit_workers(run, error))
        return -1;
    for (int i = 1; i < run->workers; i++)
        if (add_worker(run, i, error))
            return -1;
    return 0;
}

void run_stop_workers(struct run *run)
{
    for (int i = 0; run->generators && i < run->workers; i++)
        generator_free(run->generators[i]);
    for (int i = 0; run->strip_workers && i < run->workers; i++)
        image_worker_free(run->strip_workers[i]);
    memory_free(run->generators);
    memory_free(run->strip_workers);
    image_worker_free(run->image_worker);
    sam_free(run->sam);
}
