/* settings_complete.c - checks across options, and values derived from texts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text_mark.h"
#include "filters/crop.h"
#include "filters/grid.h"
#include "program/settings.h"
#include "program/text_file.h"

enum { POINTS_MOST = 1 << 20 };

/* Reads "1,2" into bits. */
static int read_layers(struct settings *settings, struct error *error)
{
    struct generator_options *generator = &settings->generator;
    const char *text = settings->crop_layers;
    generator->crop_layer_set = 0;
    for (const char *at = text; at;) {
        char *end;
        long layer = strtol(at, &end, 10);
        if (end == at || (*end && *end != ',') || layer < 0 || layer > CROP_LAYERS_MAX)
            return error_set(error, ERROR_USAGE,
                             "--crop-layers %s: expected layers from 0 to %d, such as 1,2", text,
                             CROP_LAYERS_MAX);
        generator->crop_layer_set |= 1U << layer;
        if (generator->crop_n_layers < layer)
            generator->crop_n_layers = (int)layer;
        at = *end ? end + 1 : NULL;
    }
    return 0;
}

static int check_grids(const struct generator_options *generator, struct error *error)
{
    for (int layer = 0; !generator->own_points && layer <= generator->crop_n_layers; layer++)
        if (grid_side(generator->points_per_side, generator->crop_n_points_downscale_factor,
                      layer) < 1)
            return error_set(error, ERROR_USAGE,
                             "--crop-n-points-downscale-factor %d: crop layer %d would have no "
                             "point with --points-per-side %d",
                             generator->crop_n_points_downscale_factor, layer,
                             generator->points_per_side);
    return 0;
}

static int add_point(struct generator_options *generator, size_t *capacity, double x, double y,
                     struct error *error)
{
    size_t count = (size_t)generator->own_point_count;
    if (count == POINTS_MOST)
        return error_set(error, ERROR_USAGE, "more than %d points", POINTS_MOST);
    if (memory_grow((void **)&generator->own_points, capacity, count + 1, 2 * sizeof(double),
                    error))
        return -1;
    generator->own_points[2 * count] = x;
    generator->own_points[2 * count + 1] = y;
    generator->own_point_count++;
    return 0;
}

/* Reads one line: "x,y" or "x y", in 0..1. Empty lines and lines that begin with # are skipped. */
static int read_point_line(struct generator_options *generator, const char *line, size_t *capacity,
                           struct error *error)
{
    double x;
    double y;
    char rest;
    line += strspn(line, " \t\r\n");
    if (*line == '#' || *line == '\0')
        return 0;
    int found = sscanf(line, "%lf%*[, \t]%lf %c", &x, &y, &rest);
    if (found != 2 || !(x >= 0 && x <= 1 && y >= 0 && y <= 1))
        return error_set(error, ERROR_USAGE, "expected x,y, both from 0 to 1 of the image's size%s",
                         strpbrk(line, "\"'") ? ", without quotes" : "");
    return add_point(generator, capacity, x, y, error);
}

/* Text from other systems may begin with a byte order mark and have CR LF. */
static int read_point_lines(struct generator_options *generator, char *text, size_t size,
                            struct error *error)
{
    size_t capacity = 0;
    int status = 0;
    const char *wide = text_wide(text, size), *end = text + size;
    if (wide)
        return error_set(error, ERROR_USAGE, "this is %s text; save it as UTF-8", wide);
    char *line = text + text_mark(text, size);
    for (int number = 1; status == 0 && line < end; number++) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        char *next = newline ? newline + 1 : text + size;
        if (newline)
            *newline = 0;
        if (read_point_line(generator, line, &capacity, error))
            status = error_prefix(error, "line %d", number);
        line = next;
    }
    if (status == 0 && generator->own_point_count == 0)
        status = error_set(error, ERROR_USAGE, "there is no point");
    return status;
}

static int read_points(struct settings *settings, struct error *error)
{
    const char *path = settings->point_grid;
    char *text;
    size_t size;
    if (!path)
        return 0;
    int status = text_file_read(path, &text, &size, error);
    if (status == 0) {
        status = read_point_lines(&settings->generator, text, size, error);
        free(text);
    }
    return status ? error_prefix(error, "--point-grid %s", path) : 0;
}

/* After read_layers: --crop-layers may ask for crops as well as --crop-n-layers. */
static int check_tiles(const struct settings *settings, struct error *error)
{
    const struct generator_options *generator = &settings->generator;
    if (!generator->tile)
        return 0;
    if (generator->halo >= generator->tile)
        return error_set(error, ERROR_USAGE, "--halo %d: expected less than --tile %d",
                         generator->halo, generator->tile);
    if (settings->overlay)
        return error_set(error, ERROR_USAGE, "--tile %d contradicts --overlay", generator->tile);
    if (settings->embeddings)
        return error_set(error, ERROR_USAGE, "--tile %d contradicts --embeddings", generator->tile);
    if (generator->crop_n_layers)
        return error_set(error, ERROR_USAGE, "--tile %d contradicts --%s", generator->tile,
                         settings->crop_layers ? "crop-layers" : "crop-n-layers");
    return 0;
}

/* --spool implies --to tar. */
static int check_spool(struct settings *settings, struct error *error)
{
    if (!settings->spool || settings_to_tar(settings))
        return 0;
    if (settings_given(settings, "to"))
        return error_set(error, ERROR_USAGE, "--spool contradicts --to %s", settings->to);
    return settings_set(settings, "to", "tar", SOURCE_COMMAND_LINE, error);
}

/* What cannot go with --to tar, and what goes with nothing else. */
static int check_tars(const struct settings *settings, struct error *error)
{
    const char *other = settings->generator.tile                                    ? "tile"
                        : settings->report                                          ? "report"
                        : settings->format && strcmp(settings->format, "sa1b") != 0 ? "format"
                                                                                    : NULL;
    if (!settings_to_tar(settings))
        return settings->copy_images
                   ? error_set(error, ERROR_USAGE, "--copy-images: only with --to tar")
                   : 0;
    if (other)
        return error_set(error, ERROR_USAGE, "%s contradicts --%s",
                         settings_to_stream(settings) ? "-o -" : "--to tar", other);
    const char *kept = settings->retry_failed ? "retry-failed"
                       : settings->extend     ? "extend"
                       : settings->overwrite  ? "overwrite"
                       : settings->lock       ? "lock"
                       : settings->shard      ? "shard"
                                              : NULL;
    return settings_to_stream(settings) && kept
               ? error_set(error, ERROR_USAGE, "-o - contradicts --%s: nothing is kept of the run",
                           kept)
               : 0;
}

/* settings_set has checked the texts. */
void settings_read_choices(struct settings *settings)
{
    struct postprocess_options *options = &settings->generator.postprocess;
    const char *overlap = settings->non_overlapping;
    const char *cleanup = settings->region_cleanup;
    options->region_cleanup =
        cleanup && strcmp(cleanup, "sa1b") == 0 ? REGION_CLEANUP_SA1B : REGION_CLEANUP_AMG;
    options->non_overlapping = !overlap                         ? NON_OVERLAPPING_OFF
                               : strcmp(overlap, "better") == 0 ? NON_OVERLAPPING_BETTER
                                                                : NON_OVERLAPPING_SMALLER;
}

int settings_complete(struct settings *settings, struct error *error)
{
    struct generator_options *generator = &settings->generator;
    if (settings->overwrite && (settings->extend || settings->retry_failed))
        return error_set(error, ERROR_USAGE, "--overwrite contradicts --%s",
                         settings->extend ? "extend" : "retry-failed");
    if (settings->known_parts && !settings->known)
        return error_set(error, ERROR_USAGE, "--known-parts: only with --known");
    if (generator->postprocess.max_area &&
        generator->postprocess.min_area > generator->postprocess.max_area)
        return error_set(error, ERROR_USAGE, "--min-area %d is above --max-area %d",
                         generator->postprocess.min_area, generator->postprocess.max_area);
    settings_read_choices(settings);
    if (read_layers(settings, error) || check_tiles(settings, error) ||
        check_spool(settings, error) || check_tars(settings, error) || read_points(settings, error))
        return -1;
    return check_grids(generator, error);
}
