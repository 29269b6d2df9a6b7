#include "program/run/item_embeddings.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "jobs/list.h"
#include "model/clip/clip.h"
#include "pipeline/classifier.h"
#include "pipeline/mask_embedding.h"
#include "program/label/labels.h"
#include "program/run/item.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"
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
    return embeddings_name(item->key, list_stem(item->key), format_of(run), error);
}

/* Whether the output folder has a record of the item's name. */
static int has_record(const struct run *run, struct item *item)
{
    char *name = run_folder_name(item->key, ".json", &item->error);
    int there = name ? folder_has(run->config.output, name) : -1;
    free(name);
    return there;
}

int item_embeddings_remove_old(struct run *run, struct item *item)
{
    const struct folder *output = run->config.output;
    int status = item->embeddings ? 1 : has_record(run, item);
    if (status <= 0)
        return status;
    status = 0;
    for (int i = EMBEDDINGS_NPY; status == 0 && i <= EMBEDDINGS_SAFETENSORS; i++) {
        const enum embeddings_format format = (enum embeddings_format)i;
        struct stat found;
        if (item->embeddings && format == format_of(run))
            continue;
        char *name = embeddings_name(item->key, list_stem(item->key), format, &item->error);
        if (!name)
            return -1;
        if (folder_stat(output, name, &found) == 0 && S_ISREG(found.st_mode))
            status = folder_remove(output, name, &item->error);
        free(name);
    }
    return status;
}

int item_embeddings_begin(struct run *run, struct item *item, int worker)
{
    const struct run_resources *resources = &run->resources;
    return resources->embedders
               ? mask_embedder_begin(resources->embedders[worker], resources->generators[worker],
                                     &item->image, &item->error)
               : 0;
}

/* Numbers of a row. */
static size_t width_of(const struct run_resources *resources, int worker)
{
    return resources->embedders ? mask_embedder_width(resources->embedders[worker])
                                : (size_t)clip_info(labels_clip(resources->labels))->width;
}

static int fill_rows(const struct run_resources *resources, struct item *item, int worker,
                     float *rows)
{
    const struct mask_list *masks = &item->record.masks;
    return resources->embedders
               ? mask_embedder_run(resources->embedders[worker], resources->generators[worker],
                                   &item->image, masks, rows, &item->error)
               : classifier_embed(resources->classifiers[worker], &item->image, masks, rows,
                                  &item->error);
}

int item_embeddings_make(struct run *run, struct item *item, int worker)
{
    const struct run_resources *resources = &run->resources;
    if (!run->config.settings->embeddings)
        return 0;
    const struct mask_list *masks = &item->record.masks;
    const size_t width = width_of(resources, worker);
    float *values = memory_new(masks->count * width, sizeof *values, "embeddings", &item->error);
    const struct embeddings_rows rows = {values, masks->count, width,
                                         run->config.settings->embeddings};
    int status = -1;
    if (values && fill_rows(resources, item, worker, values) == 0) {
        item->embeddings =
            embeddings_bytes(&rows, format_of(run), &item->embeddings_size, &item->error);
        status = item->embeddings ? 0 : -1;
    }
    if (status == 0 && !run->resources.embedders) {
        item->clip_rows = values;
        return 0;
    }
    memory_free(values);
    return status;
}
