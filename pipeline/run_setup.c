/* run_setup.c - what a run needs before its first image: the model and the workers. See run.h. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "jobs/memory_budget.h"
#include "jobs/progress.h"
#include "model/builtin.h"
#include "model/sam.h"
#include "pipeline/generate.h"
#include "pipeline/digest.h"
#include "pipeline/run.h"

static const char *model_name(const struct run *run)
{
    return run->settings.model ? run->settings.model : "built-in model";
}

static int load_model(struct run *run, struct error *error)
{
    const struct sam_options options = {
        .image_size = run->settings.image_size,
        .precision = strcmp(run->settings.precision, "bf16") == 0 ? SAM_BF16 : SAM_F32,
    };
    if (run->settings.model)
        return sam_load(&run->sam, run->settings.model, &options, error) ||
                       digest_file(run->settings.model, run->model_sha256, error)
                   ? -1
                   : 0;
    digest_bytes(builtin_model, builtin_model_size, run->model_sha256);
    return sam_load_memory(&run->sam, builtin_model, builtin_model_size, model_name(run), &options,
                           error);
}

/* A model's metadata may hold better defaults for the options that decide the masks, under their
 * names with underscores. */
static int apply_model_defaults(struct run *run, struct error *error)
{
    char said[512] = "";
    size_t used = 0;
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++) {
        char key[64];
        settings_key(&table[i], key, sizeof key);
        const char *value = table[i].model_default ? sam_metadata(run->sam, key) : NULL;
        if (!value)
            continue;
        if (settings_set(&run->settings, key, value, SOURCE_MODEL, error))
            return error_prefix(error, "metadata of %s", model_name(run));
        if (settings_source(&run->settings, &table[i]) == SOURCE_MODEL && used < sizeof said)
            used += (size_t)snprintf(said + used, sizeof said - used, "%s --%s %s", used ? "," : "",
                                     table[i].name, value);
    }
    if (used)
        progress_log(run->progress, PROGRESS_INFO, "%s: its own defaults are used:%s",
                     model_name(run), said);
    return 0;
}

int run_load_model(struct run *run, struct error *error)
{
    return load_model(run, error) || apply_model_defaults(run, error) ||
                   settings_complete(&run->settings, error)
               ? -1
               : 0;
}

/* Several images at a time with one thread each give the most images an hour; a single image is
 * done soonest with all threads. */
static void choose_workers(struct run *run, uint64_t images)
{
    const struct settings *settings = &run->settings;
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

int run_start_workers(struct run *run, uint64_t images, struct error *error)
{
    choose_workers(run, images);
    run->limits.max_pixels = run->settings.max_pixels;
    run->generators = memory_new((size_t)run->workers, sizeof *run->generators, "workers", error);
    if (!run->generators)
        return -1;
    for (int i = 0; i < run->workers; i++)
        if (!(run->generators[i] =
                  generator_new(run->sam, &run->settings.generation, run->threads, error)))
            return -1;
    return 0;
}

void run_stop_workers(struct run *run)
{
    for (int i = 0; run->generators && i < run->workers; i++)
        generator_free(run->generators[i]);
    memory_free(run->generators);
    sam_free(run->sam);
}
