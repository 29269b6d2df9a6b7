#include "pipeline/mask_cover.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/geometry.h"
#include "base/memory.h"
#include "pipeline/prompt_frame.h"
#include "rle/rle.h"

/* From pixels of the image to cells, along x or y. */
struct axis {
    double scale;   /* cells a pixel */
    int32_t origin; /* the pixel where cell 0 begins */
    int side;       /* cells */
    int32_t mirror; /* of a mirrored region, its pixels; else 0 */
};

/* How much of cell `at` lies between `begin` and `end`: 0..1. */
static float share(double begin, double end, int at)
{
    const double from = begin > at ? begin : at;
    const double to = end < at + 1 ? end : at + 1;
    return to > from ? (float)(to - from) : 0;
}

/* Adds the pixels from..to - 1 of a column to column[side]. */
static void add_pixels(const struct axis *axis, uint32_t from, uint32_t to, float *column)
{
    const double begin = ((double)from - axis->origin) * axis->scale;
    const double end = ((double)to - axis->origin) * axis->scale;
    for (int at = (int)begin; at < axis->side && at < end; at++)
        column[at] += share(begin, end, at);
}

/* Adds the pixel column x to cover[side][side], and empties column[side]. */
static void add_column(const struct axis *axis, uint32_t x, float *column, float *cover)
{
    const size_t side = (size_t)axis->side;
    const double within = (double)x - axis->origin;
    const double pixel = axis->mirror ? axis->mirror - 1 - within : within;
    const double begin = pixel * axis->scale, end = (pixel + 1) * axis->scale;
    for (int at = (int)begin; at < axis->side && at < end; at++) {
        const float part = share(begin, end, at);
        for (size_t y = 0; y < side; y++)
            cover[y * side + (size_t)at] += part * column[y];
    }
    memset(column, 0, side * sizeof *column);
}

/* cover[side][side]: how much of each cell the mask covers. column[side] is zeros. */
static void cover_by(const struct rle *mask, const struct axis axes[2], float *column, float *cover)
{
    const uint32_t height = mask->height;
    uint32_t at = 0, x = 0; /* x: the column at work */
    bool foreground = false, any = false;
    for (size_t i = 0; i < mask->length; i++, foreground = !foreground) {
        const uint32_t end = at + mask->counts[i];
        while (foreground && at < end) {
            if (any && at / height != x)
                add_column(&axes[0], x, column, cover);
            any = true;
            x = at / height;
            const uint32_t top = x * height;
            const uint32_t stop = end - top < height ? end : top + height;
            add_pixels(&axes[1], at - top, stop - top, column);
            at = stop;
        }
        at = end;
    }
    if (any)
        add_column(&axes[0], x, column, cover);
}

static int check(const struct mask_cover_grid *grid, const struct rle *mask, struct error *error)
{
    const struct box box = rle_box(mask);
    const struct size region = grid->frame->region;
    if (rle_area(mask) == 0 ||
        (box.x0 >= grid->x && box.y0 >= grid->y && box.x1 < grid->x + region.width &&
         box.y1 < grid->y + region.height))
        return 0;
    return error_set(error, ERROR_USAGE, "the mask does not lie in the region of %d x %d pixels",
                     region.width, region.height);
}

int mask_cover(const struct mask_cover_grid *grid, const struct rle *mask, float *cover,
               struct error *error)
{
    const size_t side = (size_t)grid->side;
    const struct prompt_frame *frame = grid->frame;
    const double cells = (double)grid->side / grid->prompt_size;
    const struct axis axes[2] = {
        {cells * frame->prompts.width / frame->region.width, grid->x, grid->side,
         grid->mirrored ? frame->region.width : 0},
        {cells * frame->prompts.height / frame->region.height, grid->y, grid->side, 0}};
    if (check(grid, mask, error))
        return -1;
    float *column = memory_new(side, sizeof *column, "a mask", error);
    if (!column)
        return -1;
    memset(cover, 0, side * side * sizeof *cover);
    cover_by(mask, axes, column, cover);
    for (size_t i = 0; i < side * side; i++)
        cover[i] = cover[i] < 1 ? cover[i] : 1;
    memory_free(column);
    return 0;
}
