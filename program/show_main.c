/* show_main.c - `maskmill show`: what is to be drawn, and into which file. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/path.h"
#include "images/image.h"
#include "images/image_write.h"
#include "jobs/memory_budget.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/decoder.h"
#include "program/picture_settings.h"
#include "program/show.h"

int show_write(const struct show *show, const void *bytes, size_t size, struct error *error)
{
    const char *name;
    struct folder *folder = folder_of(show->settings->output, &name, error);
    int status = folder ? atomic_write(folder, name, bytes, size, NULL, error) : -1;
    folder_close(folder);
    return status;
}

int show_write_pixels(const struct show *show, const struct image *canvas, struct error *error)
{
    uint8_t *bytes = NULL;
    size_t size;
    int status = show->format == SHOW_PNG
                     ? image_write_png(canvas, &bytes, &size, error)
                     : image_jpeg(canvas, PICTURE_JPEG_QUALITY, &bytes, &size, error);
    if (status == 0)
        status = show_write(show, bytes, size, error);
    memory_free(bytes);
    return status;
}

/* The format by the ending of the name. */
static int choose_format(const char *name, enum show_format *format, struct error *error)
{
    static const struct {
        const char *ending;
        enum show_format format;
    } endings[] = {
        {".jpg", SHOW_JPEG}, {".jpeg", SHOW_JPEG}, {".png", SHOW_PNG}, {".svg", SHOW_SVG}};
    const char *ending = name + path_stem_length(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(ending, endings[i].ending) == 0) {
            *format = endings[i].format;
            return 0;
        }
    return error_set(error, ERROR_USAGE, "-o %s: expected a name that ends in .jpg, .png or .svg",
                     name);
}

/* Whether there is a file already that nobody has asked to replace. */
static int check_output(const struct settings *settings, struct error *error)
{
    struct stat status;
    if (settings->overwrite || lstat(settings->output, &status))
        return 0;
    return error_set(error, ERROR_USAGE, "-o %s: is there already; --overwrite replaces it",
                     settings->output);
}

static int check_usage(struct show *show, const struct command_line *line, struct error *error)
{
    const struct settings *settings = show->settings;
    bool sheet = line->operand_count == 1;
    if (!settings->output)
        return error_set(error, ERROR_USAGE, "-o FILE is missing; see --help");
    if (choose_format(settings->output, &show->format, error))
        return -1;
    if (sheet && show->format == SHOW_SVG)
        return error_set(error, ERROR_USAGE, "-o %s: a contact sheet is a .jpg or a .png",
                         settings->output);
    if (sheet && image_has_extension(line->operands[0]))
        return error_set(error, ERROR_USAGE, "%s: its RECORDS are missing; see --help",
                         line->operands[0]);
    if (sheet && (settings->only || settings->side_by_side))
        return error_set(error, ERROR_USAGE, "--%s is not for contact sheets",
                         settings->only ? "only" : "side-by-side");
    if (settings->embed && show->format != SHOW_SVG)
        return error_set(error, ERROR_USAGE, "--embed is for .svg");
    return check_output(settings, error);
}

static int draw(struct show *show, const struct command_line *line, struct decoder *decoder,
                struct error *error)
{
    if (check_usage(show, line, error) || decoder_start(decoder, error) ||
        image_library_start(error) || decoder_open(decoder, show->settings, budget_cpus(""), error))
        return -1;
    show->pool = decoder->pool;
    return line->operand_count == 2
               ? show_picture(show, line->operands[0], line->operands[1], error)
               : show_sheet(show, line->operands[0], error);
}

enum exit_status show_main(struct command_line *line)
{
    struct error error;
    struct decoder decoder = {0};
    const struct settings *settings = &line->settings;
    struct show show = {
        .settings = settings,
        .options = {.style = picture_settings_style(settings),
                    .size = settings->size,
                    .side_by_side = settings->side_by_side},
    };
    int status = draw(&show, line, &decoder, &error);
    decoder_stop(&decoder);
    if (status)
        return command_fail(line->command, &error);
    return show.incomplete ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
