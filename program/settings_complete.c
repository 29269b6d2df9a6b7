/* settings_complete.c - what concerns several options at once, and what is derived from texts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/crop.h"
#include "filters/grid.h"
#include "program/settings.h"

enum { POINTS_MOST = 1 << 20 };

/* Reads "1,2" into bits. */
static int read_layers(struct generation *generation, struct error *error)
{
    const char *text = generation->crop_layers;
    generation->crop_layer_set = 0;
    for (const char *at = text; at;) {
        char *end;
        long layer = strtol(at, &end, 10);
        if (end == at || (*end && *end != ',') || layer < 0 || layer > CROP_LAYERS_MAX)
            return error_set(error, ERROR_USAGE,
                             "--crop-layers %s: expected layers from 0 to %d, such as 1,2", text,
                             CROP_LAYERS_MAX);
        generation->crop_layer_set |= 1U << layer;
        if (generation->crop_n_layers < layer)
            generation->crop_n_layers = (int)layer;
        at = *end ? end + 1 : NULL;
    }
    return 0;
}

static int check_grids(const struct generation *generation, struct error *error)
{
    for (int layer = 0; !generation->own_points && layer <= generation->crop_n_layers; layer++)
        if (grid_side(generation->points_per_side, generation->crop_n_points_downscale_factor,
                      layer) < 1)
            return error_set(error, ERROR_USAGE,
                             "--crop-n-points-downscale-factor %d: crop layer %d would have no "
                             "point with --points-per-side %d",
                             generation->crop_n_points_downscale_factor, layer,
                             generation->points_per_side);
    return 0;
}

static int add_point(struct generation *generation, size_t *capacity, double x, double y,
                     struct error *error)
{
    size_t count = (size_t)generation->own_point_count;
    if (count == POINTS_MOST)
        return error_set(error, ERROR_USAGE, "more than %d points", POINTS_MOST);
    if (memory_grow((void **)&generation->own_points, capacity, count + 1, 2 * sizeof(double),
                    error))
        return -1;
    generation->own_points[2 * count] = x;
    generation->own_points[2 * count + 1] = y;
    generation->own_point_count++;
    return 0;
}

/* One "x,y" or "x y" a line, in 0..1; empty lines and lines that begin with # are skipped. */
static int read_point_lines(struct generation *generation, FILE *file, struct error *error)
{
    char line[256];
    size_t capacity = 0;
    for (int number = 1; fgets(line, sizeof line, file); number++) {
        double x;
        double y;
        char rest;
        if (line[0] == '#' || line[0] == '\n')
            continue;
        int found = sscanf(line, "%lf%*1[, \t]%lf %c", &x, &y, &rest);
        if (found != 2 || !(x >= 0 && x <= 1 && y >= 0 && y <= 1))
            return error_set(error, ERROR_USAGE,
                             "line %d: expected x,y, both from 0 to 1 of the image's size", number);
        if (add_point(generation, &capacity, x, y, error))
            return -1;
    }
    return generation->own_point_count ? 0 : error_set(error, ERROR_USAGE, "there is no point");
}

static int read_points(struct generation *generation, struct error *error)
{
    if (!generation->point_grid)
        return 0;
    FILE *file = fopen(generation->point_grid, "r");
    if (!file)
        return error_set_system(error, ERROR_USAGE, errno, "--point-grid %s",
                                generation->point_grid);
    int status = read_point_lines(generation, file, error);
    fclose(file);
    return status ? error_prefix(error, "--point-grid %s", generation->point_grid) : 0;
}

/* After read_layers: --crop-layers may ask for crops as well as --crop-n-layers. */
static int check_tiles(const struct settings *settings, struct error *error)
{
    const struct generation *generation = &settings->generation;
    if (!generation->tile)
        return 0;
    if (generation->halo >= generation->tile)
        return error_set(error, ERROR_USAGE, "--halo %d: expected less than --tile %d",
                         generation->halo, generation->tile);
    if (settings->overlay)
        return error_set(error, ERROR_USAGE, "--tile %d contradicts --overlay", generation->tile);
    if (generation->crop_n_layers)
        return error_set(error, ERROR_USAGE, "--tile %d contradicts --%s", generation->tile,
                         generation->crop_layers ? "crop-layers" : "crop-n-layers");
    return 0;
}

int settings_complete(struct settings *settings, struct error *error)
{
    struct generation *generation = &settings->generation;
    if (settings->overwrite && (settings->extend || settings->retry_failed))
        return error_set(error, ERROR_USAGE, "--overwrite contradicts --%s",
                         settings->extend ? "extend" : "retry-failed");
    if (generation->max_area && generation->min_area > generation->max_area)
        return error_set(error, ERROR_USAGE, "--min-area %d is above --max-area %d",
                         generation->min_area, generation->max_area);
    if (generation->use_m2m && generation->single_mask)
        return error_set(error, ERROR_USAGE, "--use-m2m contradicts --single-mask");
    if (read_layers(generation, error) || check_tiles(settings, error) ||
        read_points(generation, error))
        return -1;
    return check_grids(generation, error);
}
