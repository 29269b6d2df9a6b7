#include "program/run/item_embeddings.h"

#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/list.h"
#include "pipeline/mask_embedding.h"
#include "program/run/item.h"
#include "program/run/run.h"
#include "records/embeddings.h"

static enum embeddings_format format_of(const struct run *run)
{
    enum embeddings_format format = EMBEDDINGS_NPY;
    embeddings_format_find(run->config.settings->embeddings_format, &format);
    return format;
}

const char *item_embeddings_ending(const struct run *run)
{
    return embeddings_extension(format_of(run)) + 1;
}

char *item_embeddings_name(const struct run *run, const struct item *item, struct error *error)
{
    char *name;
    if (asprintf(&name, EMBEDDINGS_FOLDER "/%.*s%s", (int)list_stem(item->key), item->key,
                 embeddings_extension(format_of(run))) >= 0)
        return name;
    error_set(error, ERROR_MEMORY, "%s: no memory for the name of its embeddings", item->key);
    return NULL;
}

int item_embeddings_begin(struct run *run, struct item *item, int worker)
{
    const struct run_resources *resources = &run->resources;
    return resources->embedders
               ? mask_embedder_begin(resources->embedders[worker], resources->generators[worker],
                                     &item->image, &item->error)
               : 0;
}

int item_embeddings_make(struct run *run, struct item *item, int worker)
{
    const struct run_resources *resources = &run->resources;
    if (!resources->embedders)
        return 0;
    struct mask_embedder *embedder = resources->embedders[worker];
    const struct mask_list *masks = &item->record.masks;
    const size_t width = mask_embedder_width(embedder);
    float *values = memory_new(masks->count * width, sizeof *values, "embeddings", &item->error);
    const struct embeddings_rows rows = {values, masks->count, width,
                                         run->config.settings->embeddings};
    int status = -1;
    if (values && mask_embedder_run(embedder, resources->generators[worker], &item->image, masks,
                                    values, &item->error) == 0) {
        item->embeddings =
            embeddings_bytes(&rows, format_of(run), &item->embeddings_size, &item->error);
        status = item->embeddings ? 0 : -1;
    }
    memory_free(values);
    return status;
}
