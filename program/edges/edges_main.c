/* edges_main.c - `maskmill edges`: the edges of images, a gray PNG each.
 *
 *   list -> caged decoder -> library: mm_segmenter_edges -> 8 or 16 bits -> atomic file
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "images/image_write.h"
#include "jobs/list.h"
#include "jobs/memory_budget.h"
#include "jobs/progress.h"
#include "library/mm_handles.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/command_progress.h"
#include "program/decoder.h"
#include "program/model_load.h"
#include "program/segmenter.h"
#include "program/settings.h"

struct edges_command {
    struct settings *settings;
    const char *const *inputs; /* [input_count] */
    size_t input_count;
    struct mm_edges_options options;
    struct decoder decoder;
    struct mm_model *model;         /* owned */
    struct mm_segmenter *segmenter; /* owned */
    struct folder *output;          /* owned */
    struct progress *progress;      /* owned; NULL: no terminal */
    uint64_t failed;
};

static int check(const struct edges_command *command, struct error *error)
{
    const struct settings *settings = command->settings;
    if (command->input_count == 0)
        return error_set(error, ERROR_USAGE, "an image or a folder is missing; see --help");
    if (!settings->output)
        return error_set(error, ERROR_USAGE, "-o DIR is missing; see --help");
    if (settings->bits != 8 && settings->bits != 16)
        return error_set(error, ERROR_USAGE, "--bits %d: expected 8 or 16", settings->bits);
    return 0;
}

static int prepare(struct edges_command *command, struct error *error)
{
    char defaults[MODEL_LOAD_DEFAULTS];
    struct settings *settings = command->settings;
    if (check(command, error) || decoder_start(&command->decoder, error) ||
        model_load(&command->model, settings, defaults, error))
        return -1;
    command->options = mm_edges_defaults();
    command->options.points_per_side = settings->edge_points;
    command->options.box_nms_thresh = settings->edge_nms;
    command->options.thick = settings->thick;
    const int threads = settings->threads ? settings->threads : budget_cpus("");
    command->segmenter = segmenter_new(command->model, settings, threads, error);
    if (!command->segmenter || decoder_open(&command->decoder, settings, 1, error))
        return -1;
    command->output = folder_make(settings->output, settings->trust_folder, error);
    return command->output ? 0 : -1;
}

/* 0..1 to whole numbers of 8 or 16 bits, rounded; a block of memory_new. */
static void *round_map(const float *map, size_t pixels, int bits, struct error *error)
{
    void *block = memory_new(pixels, (size_t)bits / 8, "edges", error);
    uint8_t *bytes = block;
    uint16_t *words = block;
    for (size_t i = 0; block && i < pixels; i++)
        if (bits == 8)
            bytes[i] = (uint8_t)(map[i] * UINT8_MAX + 0.5F);
        else
            words[i] = (uint16_t)(map[i] * UINT16_MAX + 0.5F);
    return block;
}

static int write_map(const struct edges_command *command, const float *map, struct size size,
                     const char *name, struct error *error)
{
    const int bits = command->settings->bits;
    uint8_t *bytes = NULL;
    size_t length;
    void *pixels = round_map(map, (size_t)size.width * (size_t)size.height, bits, error);
    const struct image_plane plane = {.pixels = pixels,
                                      .width = (uint32_t)size.width,
                                      .height = (uint32_t)size.height,
                                      .kind = bits == 8 ? IMAGE_PLANE_8 : IMAGE_PLANE_16};
    int status = pixels ? image_write_plane(&plane, &bytes, &length, error) : -1;
    if (status == 0)
        status = atomic_write(command->output, name, bytes, length, NULL, error);
    memory_free(bytes);
    memory_free(pixels);
    return status;
}

static int find_edges(struct edges_command *command, const struct mm_image *image, float *map,
                      struct error *error)
{
    struct mm_error failure = {0};
    if (segmenter_set_image(command->segmenter, image, error))
        return -1;
    if (mm_segmenter_edges(command->segmenter, &command->options, map, &failure))
        return segmenter_error(error, &failure);
    return 0;
}

/* One image from its file to its edges in `name`. */
static int work(struct edges_command *command, const char *path, const char *name,
                struct error *error)
{
    struct mm_image image = {{0}};
    const struct image_input file = {path, -1};
    if (image_pool_read(command->decoder.pool, &file, &image.pixels, error))
        return -1;
    const struct size size = {image.pixels.width, image.pixels.height};
    float *map = memory_new((size_t)size.width * (size_t)size.height, sizeof *map, "edges", error);
    int status = map ? find_edges(command, &image, map, error) : -1;
    if (status == 0)
        status = write_map(command, map, size, name, error);
    memory_free(map);
    image_free(&image.pixels);
    return status;
}

/* An image that cannot be read fails alone. Returns -1 if the machine lacks something. */
static int take(struct edges_command *command, const struct list_item *item, struct error *error)
{
    char *name = NULL;
    struct error own = {0};
    if (asprintf(&name, "%.*s.png", (int)list_stem(item->key), item->key) < 0)
        return error_set(error, ERROR_MEMORY, "no memory for a name");
    if (item->fault)
        own = *item->fault;
    else if (command->settings->overwrite || !folder_has(command->output, name))
        work(command, item->path, name, &own);
    free(name);
    command_progress_record(command->progress, own.code != ERROR_NONE, 0);
    if (own.code == ERROR_NONE)
        return 0;
    if (own.code != ERROR_IMAGE && !item->fault) {
        *error = own;
        return -1;
    }
    command->failed++;
    command_progress_say(command->progress, "edges", own.text);
    return 0;
}

static int walk(struct edges_command *command, struct error *error)
{
    const struct list_options options = {.inputs = command->inputs,
                                         .input_count = command->input_count,
                                         .skip_folder = command->settings->output,
                                         .wanted = image_has_extension,
                                         .skip_suffix = ".overlay.jpg"};
    struct list *list = list_open(&options, error);
    struct list_survey survey;
    struct list_item item;
    int more = list && list_survey(list, NULL, &survey, error) == 0 ? 1 : -1;
    if (more > 0 && survey.items == 0)
        more = error_set(error, ERROR_USAGE, "there are no images in the input");
    command->progress = command_progress_new();
    if (more > 0)
        command_progress_expect(command->progress, survey.items);
    while (more > 0) {
        more = list_next(list, &item, error);
        if (more > 0 && take(command, &item, error))
            more = -1;
    }
    list_close(list);
    return more;
}

enum exit_status edges_main(struct command_line *line)
{
    struct edges_command command = {.settings = &line->settings,
                                    .inputs = (const char *const *)line->operands,
                                    .input_count = (size_t)line->operand_count};
    struct error error = {0};
    int failed = prepare(&command, &error) || walk(&command, &error);
    progress_free(command.progress);
    mm_segmenter_free(command.segmenter);
    mm_model_free(command.model);
    decoder_stop(&command.decoder);
    folder_close(command.output);
    if (failed)
        return command_fail(line->command, &error);
    return command.failed ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
