#include "program/eval/eval_check.h"

#include <stdbool.h>

#include "base/error.h"
#include "program/eval/eval_table.h"
#include "program/settings.h"

/* Two options of which one makes the other meaningless. */
struct clash {
    bool one, other;
    const char *text;
};

static int check_edges(const struct settings *settings, struct error *error)
{
    if (settings->maps && !settings->edges)
        return error_set(error, ERROR_USAGE, "--maps %s: needs --edges", settings->maps);
    if (settings->edges && (settings->results || settings->coco || settings->label_maps ||
                            settings->from || settings->csv || settings->shard))
        return error_set(error, ERROR_USAGE,
                         "--edges takes folders of pairs, and keeps no results: not with --coco, "
                         "--label-maps, --results, --from, --csv, --shard");
    return 0;
}

int eval_check(const struct settings *settings, size_t operands, struct error *error)
{
    const bool maps = settings->label_maps != NULL;
    const bool of_maps = settings->label_suffix || settings->ignore || settings->components ||
                         settings_given(settings, "label-codes") ||
                         settings_given(settings, "background");
    const bool one = settings->edges || settings->coco || maps;
    const struct clash clashes[] = {
        {settings->edges, settings->masks, "--edges and --masks exclude each other"},
        {settings->masks, settings->clicks > 1 || settings->box_prompts,
         "--clicks and --box-prompts need a model, not --masks"},
        {settings->coco, maps, "--coco and --label-maps exclude each other"},
        {of_maps, !maps,
         "--label-suffix, --label-codes, --background, --ignore and --components need "
         "--label-maps"},
        {one, operands != 1, "one folder of images is needed; see --help"},
        {settings->from,
         settings->results || settings->coco || maps || settings->masks || settings->shard,
         "--from evaluates nothing: not with --results, --coco, --label-maps, --masks, --shard"},
        {settings->shard, settings->max_images > 0,
         "--shard and --max-images exclude each other: a shard cannot tell the first images"},
    };
    if (check_edges(settings, error))
        return -1;
    for (size_t i = 0; i < sizeof clashes / sizeof *clashes; i++)
        if (clashes[i].one && clashes[i].other)
            return error_set(error, ERROR_USAGE, "%s", clashes[i].text);
    return settings->csv ? eval_table_csv_check(settings->csv, error) : 0;
}
