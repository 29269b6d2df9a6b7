#include "program/decoder.h"

#include <string.h>

#include "base/error.h"
#include "images/image_pool.h"
#include "images/image_worker.h"
#include "jobs/memory_budget.h"
#include "program/settings.h"

int decoder_start(struct decoder *decoder, struct error *error)
{
    return image_server_start(&decoder->server, error);
}

struct image_options decoder_reading(const struct settings *settings)
{
    bool minmax = strcmp(settings->scale_16bit, "minmax") == 0;
    return (struct image_options){.max_pixels = settings->max_pixels,
                                  .depth = minmax ? IMAGE_MINMAX : IMAGE_UPPER_8_BITS};
}

uint64_t decoder_budget(const struct settings *settings, uint64_t used)
{
    if (settings->memory)
        return settings->memory;
    uint64_t free_bytes = budget_memory_free("");
    return free_bytes > UINT64_MAX - used ? UINT64_MAX : free_bytes + used;
}

int decoder_open(struct decoder *decoder, const struct settings *settings, int threads,
                 struct error *error)
{
    uint64_t used = budget_memory_used("");
    uint64_t all = decoder_budget(settings, used);
    uint64_t fixed = used + DECODER_PROCESSES + (uint64_t)(threads - 1) * DECODER_PROCESS;
    const struct image_pool_options options = {
        .workers = threads,
        .seconds = settings->image_timeout,
        .memory_bytes = all > fixed ? all - fixed : 1, /* 0 is no limit */
        .reading = decoder_reading(settings),
    };
    decoder->pool = image_pool_new(decoder->server, &options, error);
    return decoder->pool ? 0 : -1;
}

int decoder_start_and_open(struct decoder *decoder, const struct settings *settings,
                           struct error *error)
{
    if (decoder_start(decoder, error))
        return -1;
    return decoder_open(decoder, settings, budget_cpus(""), error);
}

struct image_worker *decoder_worker(const struct decoder *decoder, const struct settings *settings,
                                    struct error *error)
{
    const struct image_worker_options options = {.seconds = settings->image_timeout};
    return image_worker_new(decoder->server, &options, error);
}

void decoder_stop(struct decoder *decoder)
{
    image_pool_free(decoder->pool);
    image_server_stop(decoder->server);
    *decoder = (struct decoder){0};
}
