/* similar_main.c - `maskmill similar`: what is searched for, and by which means. */
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "jobs/memory_budget.h"
#include "jobs/progress.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/command_progress.h"
#include "program/decoder.h"
#include "program/similar/similar.h"
#include "program/similar/similar_sheet.h"

static int check_usage(const struct settings *settings, struct error *error)
{
    const char *clip = settings->clip ? "clip" : settings->clip_vocab ? "clip-vocab" : NULL;
    bool nearest = settings->alike.count || settings->text.count;
    if (settings->duplicates && nearest)
        return error_set(error, ERROR_USAGE, "--%s and --duplicates are two searches: give one",
                         settings->alike.count ? "mask" : "text");
    if (!settings->duplicates && !nearest)
        return error_set(error, ERROR_USAGE,
                         "--mask IMAGE:ID, --text TEXT or --duplicates is missing; see --help");
    if (settings->duplicates && settings_given(settings, "nearest"))
        return error_set(error, ERROR_USAGE, "--nearest is for --mask and --text");
    if (!settings->duplicates && settings_given(settings, "share"))
        return error_set(error, ERROR_USAGE, "--share is for --duplicates");
    if (settings->duplicates && settings->sheet)
        return error_set(error, ERROR_USAGE, "--sheet is for --mask and --text");
    if (settings->text.count && settings->within)
        return error_set(error, ERROR_USAGE, "--within is for --mask: a text has no image");
    if (settings->text.count && !settings->clip)
        return error_set(error, ERROR_USAGE,
                         "--text needs --clip FILE: the checkpoint of the run's embeddings");
    if (clip && !settings->text.count)
        return error_set(error, ERROR_USAGE, "--%s: only with --text", clip);
    if (!settings->sheet && settings->images)
        return error_set(error, ERROR_USAGE, "--images is for --sheet");
    return settings->sheet ? similar_sheet_check(settings, error) : 0;
}

static int search(struct similar *similar, const char *path, struct decoder *decoder,
                  struct error *error)
{
    const struct settings *settings = similar->settings;
    if (check_usage(settings, error) || decoder_start_and_open(decoder, settings, error))
        return -1;
    similar->pool = decoder->pool;
    similar->run.progress = command_progress_new();
    if (similar_run_open(&similar->run, path, error))
        return -1;
    if (similar_texts_open(&similar->texts, &similar->run, similar->threads, error))
        return -1;
    similar->masks = similar_masks_new(&similar->run, similar->pool, error);
    if (!similar->masks)
        return -1;
    return settings->duplicates ? similar_duplicates(similar, error)
                                : similar_nearest(similar, error);
}

enum exit_status similar_main(struct command_line *line)
{
    struct error error = {0};
    struct decoder decoder = {0};
    const struct settings *settings = &line->settings;
    struct similar similar = {.settings = settings,
                              .run.settings = settings,
                              .threads = settings->threads ? settings->threads : budget_cpus(""),
                              .table = isatty(STDOUT_FILENO) && !settings->json};
    int status = search(&similar, line->operands[0], &decoder, &error);
    bool refused = similar.run.refused || similar.incomplete ||
                   (similar.masks && similar_masks_refused(similar.masks));
    progress_free(similar.run.progress);
    similar_masks_free(similar.masks);
    similar_texts_free(&similar.texts);
    similar_run_close(&similar.run);
    decoder_stop(&decoder);
    if (status)
        return command_fail(line->command, &error);
    return refused ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
