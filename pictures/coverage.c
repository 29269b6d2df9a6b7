#include "pictures/coverage.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "pictures/contour.h"

static int make_room(struct coverage *coverage, struct error *error)
{
    size_t width = (size_t)coverage->area.width, height = (size_t)coverage->area.height;
    return memory_grow((void **)&coverage->pixels, &coverage->room, width * height, 1, error) ||
                   memory_grow((void **)&coverage->cells, &coverage->cells_room,
                               (width + 2) * height, sizeof *coverage->cells, error)
               ? -1
               : 0;
}

int coverage_begin(struct coverage *coverage, struct rect band, struct rect bounds,
                   struct error *error)
{
    coverage->area = rect_overlap(band, bounds);
    if (coverage->area.width <= 0 || coverage->area.height <= 0) {
        coverage->area.width = coverage->area.height = 0;
        return 0;
    }
    return make_room(coverage, error);
}

/* Adds to a row's cells what lies right of the piece from x0 to x1 (x0 <= x1, within the row), which
 * climbs `rise` rows. The sum of the cells up to a pixel is the share of it that is covered: each
 * cell holds the difference from its left neighbour. */
static void add_piece(float *cells, float x0, float x1, float rise)
{
    int first = (int)x0, last = (int)x1;
    if (first == last) {
        float left = 0.5F * (x0 + x1) - (float)first; /* mean, within the pixel */
        cells[first] += rise * (1 - left);
        cells[first + 1] += rise * left;
        return;
    }
    float slope = rise / (x1 - x0), before = 0;
    for (int x = first; x <= last; x++) {
        float from = fmaxf(x0, (float)x), to = fminf(x1, (float)x + 1);
        /* In this pixel the piece rises by slope * (to - from); right of that, all of it counts. */
        float share = slope * (to - from) * ((float)x + 1 - 0.5F * (from + to));
        cells[x] += share + before;
        before = slope * (to - from) - share;
    }
    cells[last + 1] += before;
}

static float clamp(float value, float least, float most)
{
    return fminf(fmaxf(value, least), most);
}

/* Adds the edge from a to b: downwards +, upwards -. */
static void add_edge(struct coverage *coverage, const float a[2], const float b[2])
{
    const struct rect *area = &coverage->area;
    float sign = a[1] < b[1] ? 1 : -1;
    const float *upper = sign > 0 ? a : b, *lower = sign > 0 ? b : a;
    float top = upper[1] - (float)area->y, bottom = lower[1] - (float)area->y;
    if (bottom <= 0 || top >= (float)area->height || !(bottom > top))
        return;
    float slope = (lower[0] - upper[0]) / (bottom - top), left = upper[0] - (float)area->x;
    int first = top > 0 ? (int)top : 0;
    for (int y = first; y < area->height && (float)y < bottom; y++) {
        float from = fmaxf(top, (float)y), to = fminf(bottom, (float)y + 1);
        float x0 = clamp(left + slope * (from - top), 0, (float)area->width);
        float x1 = clamp(left + slope * (to - top), 0, (float)area->width);
        add_piece(coverage->cells + (size_t)y * (size_t)(area->width + 2), fminf(x0, x1),
                  fmaxf(x0, x1), sign * (to - from));
    }
}

static void sum_cells(struct coverage *coverage)
{
    const struct rect *area = &coverage->area;
    for (int32_t y = 0; y < area->height; y++) {
        const float *cells = coverage->cells + (size_t)y * (size_t)(area->width + 2);
        uint8_t *row = coverage->pixels + (size_t)y * (size_t)area->width;
        float sum = 0;
        for (int32_t x = 0; x < area->width; x++) {
            sum += cells[x];
            float share = fabsf(sum);
            row[x] = (uint8_t)(int)((share < 1 ? share : 1) * 255 + 0.5F);
        }
    }
}

void coverage_fill(struct coverage *coverage, const struct contour *contour)
{
    const struct rect *area = &coverage->area;
    if (area->height == 0)
        return;
    memset(coverage->cells, 0,
           (size_t)(area->width + 2) * (size_t)area->height * sizeof *coverage->cells);
    for (size_t i = 0; i < contour->count; i++) {
        const struct contour_ring *ring = &contour->rings[i];
        const float(*xy)[2] = (const float(*)[2])contour->xy + ring->first;
        if (ring->bottom <= (float)area->y || ring->top >= (float)(area->y + area->height))
            continue;
        for (size_t p = 0, before = ring->count - 1; p < ring->count; before = p++)
            add_edge(coverage, xy[before], xy[p]);
    }
    sum_cells(coverage);
}

void coverage_lines(struct coverage *coverage, double widest)
{
    size_t count = (size_t)(coverage->area.width + 2) * (size_t)coverage->area.height;
    coverage->reach = (float)widest / 2 + 0.5F;
    for (size_t i = 0; i < count; i++)
        coverage->cells[i] = coverage->reach * coverage->reach;
}

/* A line with what is needed for a pixel's distance from it. */
struct line {
    float from[2], along[2]; /* its start and its vector */
    float per_square;        /* 1 / length^2; 0 for a point */
};

/* Columns that the line may touch in the row whose middle is y: *first .. *last. */
static void line_columns(const struct line *line, float y, float reach, int32_t *first,
                         int32_t *last)
{
    float from = 0, to = 1; /* the part of the line that is near the row */
    if (line->along[1] != 0) {
        float a = (y - reach - line->from[1]) / line->along[1];
        float b = (y + reach - line->from[1]) / line->along[1];
        from = clamp(fminf(a, b), 0, 1);
        to = clamp(fmaxf(a, b), 0, 1);
    }
    float x0 = line->from[0] + from * line->along[0], x1 = line->from[0] + to * line->along[0];
    *first = (int32_t)floorf(fminf(x0, x1) - reach);
    *last = (int32_t)floorf(fmaxf(x0, x1) + reach);
}

/* Lowers the squared distances of the pixels `first` .. `last` of a row, whose middle is y. */
static void line_row(const struct line *line, float y, int32_t first, int32_t last, float *cells)
{
    float dy = y - line->from[1], x = (float)first + 0.5F - line->from[0];
    for (int32_t i = 0; i <= last - first; i++) {
        float dx = x + (float)i;
        float at = (dx * line->along[0] + dy * line->along[1]) * line->per_square;
        at = at < 0 ? 0 : at > 1 ? 1 : at;
        float a = dx - at * line->along[0], b = dy - at * line->along[1];
        float square = a * a + b * b;
        cells[i] = square < cells[i] ? square : cells[i];
    }
}

void coverage_line(struct coverage *coverage, const float a[2], const float b[2])
{
    const struct rect *area = &coverage->area;
    float dx = b[0] - a[0], dy = b[1] - a[1], square = dx * dx + dy * dy;
    struct line line = {{a[0], a[1]}, {dx, dy}, square > 0 ? 1 / square : 0};
    float above = fminf(a[1], b[1]) - coverage->reach, below = fmaxf(a[1], b[1]) + coverage->reach;
    if (below < (float)area->y || above >= (float)(area->y + area->height))
        return;
    int32_t top = above > (float)area->y ? (int32_t)above : area->y;
    for (int32_t y = top; y < area->y + area->height && (float)y <= below; y++) {
        int32_t first, last, end = area->x + area->width - 1;
        line_columns(&line, (float)y + 0.5F, coverage->reach, &first, &last);
        first = first > area->x ? first : area->x;
        last = last < end ? last : end;
        if (first > last)
            continue;
        size_t row = (size_t)(y - area->y) * (size_t)(area->width + 2);
        line_row(&line, (float)y + 0.5F, first, last,
                 coverage->cells + row + (size_t)(first - area->x));
    }
}

void coverage_ink(struct coverage *coverage, double width)
{
    const struct rect *area = &coverage->area;
    const float outside = (float)width / 2 + 0.5F;
    for (int32_t y = 0; y < area->height; y++) {
        const float *cells = coverage->cells + (size_t)y * (size_t)(area->width + 2);
        uint8_t *row = coverage->pixels + (size_t)y * (size_t)area->width;
        for (int32_t x = 0; x < area->width; x++) {
            float share = outside - sqrtf(cells[x]);
            share = share < 0 ? 0 : share > 1 ? 1 : share;
            row[x] = (uint8_t)(int)(share * 255 + 0.5F);
        }
    }
}

static double largest_ring(const struct contour *contour)
{
    double most = 0;
    for (size_t i = 0; i < contour->count; i++)
        most = fmax(most, fabs(contour_ring_area(contour, i)));
    return most;
}

/* Whether a line runs along one side of the frame. */
static bool is_on_border(const float a[2], const float b[2], struct rect frame)
{
    static const float NEAR = 0.3F; /* pixels: outlines are moved a little to keep their areas */
    const float sides[2][2] = {{(float)frame.x, (float)(frame.x + frame.width)},
                               {(float)frame.y, (float)(frame.y + frame.height)}};
    for (int c = 0; c < 2; c++)
        for (int end = 0; end < 2; end++)
            if (fabsf(a[c] - sides[c][end]) < NEAR && fabsf(b[c] - sides[c][end]) < NEAR)
                return true;
    return false;
}

void coverage_outline(struct coverage *coverage, const struct contour *contour, double least,
                      struct rect frame)
{
    const struct rect *area = &coverage->area;
    least = fmin(least, largest_ring(contour));
    for (size_t i = 0; area->height > 0 && i < contour->count; i++) {
        const struct contour_ring *ring = &contour->rings[i];
        const float(*xy)[2] = (const float(*)[2])contour->xy + ring->first;
        if (ring->bottom + coverage->reach <= (float)area->y ||
            ring->top - coverage->reach >= (float)(area->y + area->height) ||
            fabs(contour_ring_area(contour, i)) < least)
            continue;
        for (size_t p = 0, before = ring->count - 1; p < ring->count; before = p++)
            if (!is_on_border(xy[before], xy[p], frame))
                coverage_line(coverage, xy[before], xy[p]);
    }
}

void coverage_free(struct coverage *coverage)
{
    free(coverage->pixels);
    free(coverage->cells);
    *coverage = (struct coverage){0};
}
