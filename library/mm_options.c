#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "library/mm_handles.h"

enum { POINTS_MOST = 1 << 20 };

/* The public numbers of the options are the private ones. */
_Static_assert((int)MM_POINTS_PER_SIDE == (int)GENERATOR_POINTS_PER_SIDE, "same order");
_Static_assert((int)MM_MIN_MASK_REGION_AREA == (int)GENERATOR_MIN_MASK_REGION_AREA, "same order");
_Static_assert((int)MM_CROP_LAYER_SET == (int)GENERATOR_OPTIONS - 1, "same order, same number");
_Static_assert((int)MM_CLEANUP_SA1B == (int)REGION_CLEANUP_SA1B, "same choices");
_Static_assert((int)MM_OVERLAP_TO_SMALLER == (int)NON_OVERLAPPING_SMALLER &&
                   (int)MM_OVERLAP_TO_BETTER == (int)NON_OVERLAPPING_BETTER,
               "same choices");

static const struct generator_option *find(enum mm_option option)
{
    return generator_option((enum generator_option_id)option);
}

struct mm_options *mm_options_new(const struct mm_model *model, struct mm_error *caller)
{
    struct error error = {0};
    struct mm_options *options = memory_new(1, sizeof *options, "options", &error);
    if (options) {
        generator_options_default(&options->generator);
        if (!model || generator_options_from_model(&options->generator, model->sam, &error) == 0)
            return options;
    }
    mm_options_free(options);
    mm_error_fill(caller, &error);
    return NULL;
}

void mm_options_free(struct mm_options *options)
{
    if (!options)
        return;
    free(options->generator.own_points);
    memory_free(options);
}

int mm_options_set(struct mm_options *options, enum mm_option option, double value,
                   struct mm_error *caller)
{
    struct error error = {0};
    const struct generator_option *row = find(option);
    if (!row)
        error_set(&error, ERROR_USAGE, "there is no option %d", (int)option);
    else if (generator_options_set(&options->generator, row, value, &error) == 0)
        return 0;
    return mm_error_fill(caller, &error);
}

double mm_options_get(const struct mm_options *options, enum mm_option option)
{
    const struct generator_option *row = find(option);
    return row ? generator_options_get(&options->generator, row) : 0;
}

static int copy_points(struct generator_options *options, const double *xy, size_t count,
                       struct error *error)
{
    double *points = malloc(2 * count * sizeof *points);
    if (!points)
        return error_set(error, ERROR_MEMORY, "no memory for %zu points", count);
    free(options->own_points);
    options->own_points = memcpy(points, xy, 2 * count * sizeof *points);
    options->own_point_count = (int)count;
    return 0;
}

int mm_options_set_points(struct mm_options *options, const double *xy, size_t count,
                          struct mm_error *caller)
{
    struct error error = {0};
    struct generator_options *generator = &options->generator;
    if (count > POINTS_MOST) {
        error_set(&error, ERROR_USAGE, "%zu points: expected at most %d", count, POINTS_MOST);
        return mm_error_fill(caller, &error);
    }
    for (size_t i = 0; i < 2 * count; i++)
        if (!(xy[i] >= 0 && xy[i] <= 1)) {
            error_set(&error, ERROR_USAGE, "point %zu: expected x and y from 0 to 1", i / 2);
            return mm_error_fill(caller, &error);
        }
    if (count > 0)
        return copy_points(generator, xy, count, &error) ? mm_error_fill(caller, &error) : 0;
    free(generator->own_points);
    generator->own_points = NULL;
    generator->own_point_count = 0;
    return 0;
}

struct mm_options *mm_options_copy(const struct mm_options *options, struct error *error)
{
    struct mm_options *copy = memory_new(1, sizeof *copy, "options", error);
    if (!copy)
        return NULL;
    *copy = *options;
    copy->generator.own_points = NULL;
    if (!options->generator.own_points ||
        copy_points(&copy->generator, options->generator.own_points,
                    (size_t)options->generator.own_point_count, error) == 0)
        return copy;
    mm_options_free(copy);
    return NULL;
}
