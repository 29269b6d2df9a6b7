/* predict_main.c - `maskmill predict`: which of its ways is asked for, and what they need. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"
#include "include/maskmill.h"
#include "jobs/memory_budget.h"
#include "library/mm_handles.h"
#include "program/command_line.h"
#include "program/model_load.h"
#include "program/predict/predict.h"
#include "program/predict/text_prompt.h"
#include "program/prompts/prompt_set.h"
#include "program/segmenter.h"

/* The text of all prompts, if one is asked for. */
static int set_text(struct predict *predict, struct error *error)
{
    const struct sam *sam = mm_model_sam(predict->model);
    if (!predict->settings->text_prompt)
        return 0;
    predict->text = text_prompt_embed(sam, predict->settings, error);
    mm_segmenter_set_text(predict->segmenter, predict->text);
    return predict->text ? 0 : -1;
}

int predict_start(struct predict *predict, enum predict_way way, struct error *error)
{
    struct settings *settings = predict->settings;
    char defaults[MODEL_LOAD_DEFAULTS];
    if (settings->threads == 0)
        settings->threads = budget_cpus("");
    if (image_library_start(error))
        return -1;
    predict->library_started = true;
    if (model_load(&predict->model, settings, defaults, error))
        return -1;
    if (!settings->quiet) /* the model's defaults are of the automatic stage */
        model_load_tell("predict", settings, predict->model, settings->text.count ? defaults : "");
    predict->segmenter = segmenter_new(predict->model, settings, settings->threads, error);
    if (!predict->segmenter || set_text(predict, error))
        return -1;
    if (way == PREDICT_BOXES)
        return 0;
    uint64_t used = budget_memory_used(""), all = decoder_budget(settings, used);
    uint64_t asked = settings->memory;
    predict->cache_bytes = way == PREDICT_SERVE && all > used ? (all - used) / 2 : 0;
    settings->memory = all - predict->cache_bytes;
    int status = decoder_open(&predict->decoder, settings, 1, error);
    settings->memory = asked;
    return status;
}

struct prompt_frame_size predict_frame(const struct predict *predict, int32_t width, int32_t height)
{
    return (struct prompt_frame_size){width, height, mm_model_low_size(predict->model)};
}

static bool has_prompts(const struct settings *settings)
{
    return settings->point.count || settings->box.count || settings->mask || settings->prompts ||
           settings->text_prompt;
}

/* Options that have no meaning beside --serve-ndjson. */
static const char *other_than_serving(const struct settings *settings)
{
    return settings->boxes         ? "boxes"
           : settings->point.count ? "point"
           : settings->box.count   ? "box"
           : settings->mask        ? "mask"
           : settings->prompts     ? "prompts"
           : settings->text_prompt ? "text-prompt"
           : settings->multimask   ? "multimask"
           : settings->text.count  ? "text"
           : settings->output      ? "output"
           : settings->json        ? "json"
           : settings->png         ? "png"
           : settings->overlay     ? "overlay"
                                   : NULL;
}

/* Texts need a CLIP, whose options are of no use without; --text is asked for alone. */
static int check_text(const struct settings *settings, struct error *error)
{
    const char *clip = settings->clip ? "clip" : settings->clip_vocab ? "clip-vocab" : NULL;
    const char *ranking = settings_given(settings, "clip-background") ? "clip-background"
                          : settings_given(settings, "top")           ? "top"
                                                                      : NULL;
    if (clip && !settings->text.count && !settings->text_prompt)
        return error_set(error, ERROR_USAGE, "--%s: only with --text or --text-prompt", clip);
    if (ranking && !settings->text.count)
        return error_set(error, ERROR_USAGE, "--%s: only with --text", ranking);
    if (settings->text.count && (has_prompts(settings) || settings->multimask))
        return error_set(error, ERROR_USAGE, "--text contradicts --%s",
                         settings->point.count   ? "point"
                         : settings->box.count   ? "box"
                         : settings->mask        ? "mask"
                         : settings->prompts     ? "prompts"
                         : settings->text_prompt ? "text-prompt"
                                                 : "multimask");
    if ((settings->text.count || settings->text_prompt) && !settings->clip)
        return error_set(
            error, ERROR_USAGE,
            "--%s needs --clip FILE: the checkpoint that knows texts; see docs/text.md",
            settings->text.count ? "text" : "text-prompt");
    return 0;
}

static int check_serve(const struct command_line *line, struct error *error)
{
    const char *other = other_than_serving(&line->settings);
    if (line->operand_count)
        return error_set(error, ERROR_USAGE,
                         "%s: with --serve-ndjson, images are named on standard input",
                         line->operands[0]);
    return other ? error_set(error, ERROR_USAGE, "--serve-ndjson contradicts --%s", other) : 0;
}

static int check_boxes(const struct command_line *line, struct error *error)
{
    const struct settings *settings = &line->settings;
    const char *other = has_prompts(settings)  ? "point, --box, --mask, --prompts and --text-prompt"
                        : settings->multimask  ? "multimask"
                        : settings->text.count ? "text"
                        : settings->json       ? "json"
                                               : NULL;
    if (other)
        return error_set(error, ERROR_USAGE, "--boxes contradicts --%s", other);
    if (!settings->images == !line->operand_count)
        return error_set(error, ERROR_USAGE,
                         "--boxes needs --images DIR with the images that it names, or one of "
                         "them as IMAGE");
    return settings->output ? 0 : error_set(error, ERROR_USAGE, "-o DIR is missing; see --help");
}

static int check_image(const struct command_line *line, struct error *error)
{
    const struct settings *settings = &line->settings;
    if (line->operand_count == 0)
        return error_set(error, ERROR_USAGE, "IMAGE is missing; see --help");
    if (settings->images || settings->coco)
        return error_set(error, ERROR_USAGE, "--%s: only with --boxes",
                         settings->images ? "images" : "coco");
    if (!has_prompts(settings) && !settings->text.count)
        return error_set(
            error, ERROR_USAGE,
            "no prompt: give --point, --box, --mask, --prompts or --text; `maskmill run` "
            "finds masks without any");
    if (settings->prompts && (settings->point.count || settings->box.count || settings->mask))
        return error_set(error, ERROR_USAGE, "--prompts contradicts --%s",
                         settings->point.count ? "point"
                         : settings->box.count ? "box"
                                               : "mask");
    if (!settings->output && !settings->json)
        return error_set(error, ERROR_USAGE, "-o DIR is missing, or --json; see --help");
    const char *folders = settings->png                           ? "png"
                          : settings->overlay                     ? "overlay"
                          : strcmp(settings->format, "sa1b") != 0 ? "format"
                                                                  : NULL;
    return !settings->output && folders
               ? error_set(error, ERROR_USAGE, "--%s writes files: -o DIR is missing", folders)
               : 0;
}

static int work(struct predict *predict, const struct command_line *line, struct error *error)
{
    const struct settings *settings = predict->settings;
    const char *operand = line->operand_count ? line->operands[0] : NULL;
    int status = settings->serve_ndjson ? check_serve(line, error)
                 : settings->boxes      ? check_boxes(line, error)
                                        : check_image(line, error);
    if (status == 0)
        status = check_text(settings, error);
    /* The decoder forks, so it starts before the first thread. */
    if (status || decoder_start(&predict->decoder, error))
        return -1;
    if (settings->serve_ndjson)
        return predict_serve(predict, error);
    return settings->boxes ? predict_boxes(predict, operand, error)
                           : predict_image(predict, operand, error);
}

enum exit_status predict_main(struct command_line *line)
{
    struct error error = {0};
    struct predict predict = {.command = line->command, .settings = &line->settings};
    int status = work(&predict, line, &error);
    decoder_stop(&predict.decoder);
    mm_segmenter_free(predict.segmenter);
    memory_free(predict.text);
    mm_model_free(predict.model);
    if (predict.library_started)
        image_library_stop();
    if (status >= 0)
        return (enum exit_status)status;
    /* Of a reader who has gone away, nobody needs to be told. */
    return error.system == EPIPE ? command_status(&error) : command_fail(line->command, &error);
}
