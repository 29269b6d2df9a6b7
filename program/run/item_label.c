#include "program/run/item_label.h"

#include "base/error.h"
#include "jobs/memory_budget.h"
#include "jobs/progress.h"
#include "pipeline/clip_crop.h"
#include "program/label/labels.h"
#include "program/label/name_masks.h"
#include "program/run/item.h"
#include "program/run/run.h"

int item_label_open(struct run_config *config, struct run_resources *resources, struct error *error)
{
    const struct settings *settings = config->settings;
    if (labels_check_options(settings, error))
        return -1;
    if (!settings->classes && !labels_embed(settings))
        return 0;
    if (settings->generator.tile)
        return error_set(error, ERROR_USAGE,
                         "--classes needs the whole image at once: leave out --tile, and give "
                         "classes afterwards with `maskmill label`");
    if (labels_open_classes(&resources->labels, settings, error))
        return -1;
    if (settings->classes)
        labels_digest(resources->labels, config->classes_sha256);
    return labels_clip_digest(resources->labels, config->clip_sha256, error);
}

int item_label_prepare(struct run_resources *resources, struct error *error)
{
    return resources->labels ? labels_prepare(resources->labels, budget_cpus(""), error) : 0;
}

uint64_t item_label_memory(const struct run *run, struct size image)
{
    return run->resources.labels ? clip_crop_bytes(image) : 0;
}

int item_label(struct run *run, struct item *item, int worker)
{
    const struct run_resources *resources = &run->resources;
    if (!resources->labels ||
        labels_name(resources->labels, resources->classifiers[worker], &item->image,
                    item->clip_rows, &item->record, &item->error) == 0)
        return 0;
    if (item_blames_machine(&item->error, RETRY_READING))
        item_give_up(run, item);
    else
        error_prefix(&item->error, "%s", item->path);
    return -1;
}
