#include "program/run/run_inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "jobs/ledger.h"
#include "jobs/list.h"
#include "jobs/list_folded.h"
#include "jobs/name_rules.h"
#include "jobs/progress.h"
#include "program/run/input_kind.h"
#include "program/run/name_fold.h"
#include "program/run/run.h"

/* The options' patterns, tidied. */
static int read_rules(struct settings *settings, struct name_rules *rules, struct error *error)
{
    struct setting_texts *exclude = &settings->exclude;
    for (size_t i = 0; i < exclude->count; i++)
        if (!name_rules_tidy(exclude->texts[i]))
            return error_set(error, ERROR_USAGE, "--exclude /: expected a name or a path");
    *rules = (struct name_rules){(const char *const *)exclude->texts, exclude->count};
    return 0;
}

static void warn_of_repeats(struct progress *progress, uint64_t repeats)
{
    if (repeats)
        progress_log(progress, PROGRESS_WARNING,
                     "%llu repeated: inputs or lines of the list that name a file again; it "
                     "counts once",
                     (unsigned long long)repeats);
}

/* What was passed over instead, and what would be taken. */
static int refuse_nothing(const char *what, const struct passed_over *passed, struct error *error)
{
    char text[PASSED_TEXT_SIZE];
    passed_over_text(passed, text);
    error_set(error, ERROR_USAGE, "nothing to do: %s%s%s", what, text[0] ? "; " : "", text);
    if (passed->ending_count > 0)
        error_append(error, " (name a file to have it read whatever its ending)");
    return -1;
}

/* Refuses images whose records are one file in an output folder without case, or the like. */
static int refuse_folded(struct run_config *config, struct list *list, struct error *error)
{
    int status = name_fold_probe(config->output, LEDGER_FOLDER, &config->name_folds, error);
    const struct list_fold fold = {name_fold, config->name_folds};
    return status || !config->name_folds ? status : list_refuse_folded(list, &fold, error);
}

int run_inputs_open(struct run_config *config, struct run_resources *resources,
                    struct list_survey *survey, struct error *error)
{
    struct list_options options = {
        .inputs = (const char *const *)config->inputs,
        .input_count = (size_t)config->input_count,
        .list_file = config->settings->list,
        .null_separated = config->settings->null_separated,
        .objects = resources->spool,
        .skip_folder = config->output ? config->settings->output : NULL,
        .wanted = input_is_wanted,
        .holds_many = resources->spool ? input_is_tar_object : input_is_tar,
        .folder = input_tar_folder,
        .skip_suffix = ".overlay.jpg",
    };
    if (read_rules(config->settings, &config->rules, error))
        return -1;
    options.rules = config->rules;
    bool stream = config->input_count == 1 && input_is_stream(config->inputs[0]);
    resources->kinds = input_kinds_new(resources->decoder.server, stream, error);
    if (!resources->kinds)
        return -1;
    options.context = resources->kinds;
    for (int i = 0; i < config->input_count && i < RUN_INPUTS_MAX && !options.objects; i++)
        mount_note(config->inputs[i], &config->mounts[i]);
    resources->list = list_open(&options, error);
    if (!resources->list || list_survey(resources->list, &config->shard, survey, error))
        return -1;
    warn_of_repeats(resources->progress, survey->passed.counts[PASSED_REPEATED]);
    progress_pass(resources->progress, &survey->passed);
    if (survey->items > 0 && !config->output) /* a stream folds no names */
        return 0;
    if (survey->items > 0)
        return refuse_folded(config, resources->list, error);
    return refuse_nothing("no image or tar among the inputs", &survey->passed, error);
}

int run_inputs_end(const struct run *run, struct error *error)
{
    if (run->config.shard.count > 1 || run->outcome.taken > 0)
        return 0;
    return refuse_nothing("no image in the tars", &run->outcome.passed_in_tars, error);
}
