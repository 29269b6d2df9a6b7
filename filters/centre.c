/* centre.c - an exact distance transform in linear time, within the mask's box:
 *
 *   down each column:  g(x, y) = distance to the nearest background pixel of the same column
 *   along each row:    D(x, y) = min over i of (x - i)^2 + g(i, y)^2, an envelope of parabolas
 *
 * Source: A. Meijster, J. Roerdink, W. Hesselink, "A general algorithm for computing distance
 * transforms in linear time" (2000).
 */
#include "filters/centre.h"

#include <stddef.h>

#include "base/error.h"
#include "base/memory.h"
#include "rle/rle.h"
#include "rle/strips.h"

/* Working memory; `width` includes one column of background on either side of the box. */
struct field {
    struct box box;
    int64_t width, height;
    uint32_t *column; /* [height][width]: g */
    int64_t *vertex;  /* [width]: columns of the envelope's parabolas, left to right */
    int64_t *start;   /* [width]: where each starts to be the lowest */
};

/* g of each pixel of the mask, from the vertical strips; the background keeps its zeros. */
static void measure_columns(const struct field *field, const struct rle *rle)
{
    struct rle_strips strips = {.rle = rle};
    for (struct rle_strip strip; rle_strips_next(&strips, &strip);) {
        int64_t x = (int64_t)strip.x - field->box.x0 + 1;
        int64_t y = (int64_t)strip.y - field->box.y0;
        uint32_t *g = field->column + y * field->width + x;
        for (uint32_t i = 0; i < strip.length; i++, g += field->width)
            *g = i + 1 < strip.length - i ? i + 1 : strip.length - i;
    }
}

static int64_t parabola(const uint32_t *g, int64_t vertex, int64_t x)
{
    return (x - vertex) * (x - vertex) + (int64_t)g[vertex] * g[vertex];
}

/* The first column where the parabola at `b` lies below the one at `a`, a < b. */
static int64_t crossing(const uint32_t *g, int64_t a, int64_t b)
{
    int64_t rise = b * b - a * a + (int64_t)g[b] * g[b] - (int64_t)g[a] * g[a];
    return rise / (2 * (b - a)) + 1;
}

/* Builds the envelope of a row; returns the index of its last parabola. */
static int64_t build_envelope(const struct field *field, const uint32_t *g)
{
    int64_t last = 0;
    field->vertex[0] = field->start[0] = 0;
    for (int64_t x = 1; x < field->width; x++) {
        while (last >= 0 && parabola(g, field->vertex[last], field->start[last]) >
                                parabola(g, x, field->start[last]))
            last--;
        int64_t start = last < 0 ? 0 : crossing(g, field->vertex[last], x);
        if (start >= field->width)
            continue;
        last++;
        field->vertex[last] = x;
        field->start[last] = start;
    }
    return last;
}

/* The farthest pixel of a row: its distance squared, and its column in *at. */
static int64_t measure_row(const struct field *field, const uint32_t *g, int64_t *at)
{
    int64_t farthest = 0;
    int64_t last = build_envelope(field, g);
    for (int64_t x = field->width - 1; x >= 0; x--) {
        int64_t distance = parabola(g, field->vertex[last], x);
        if (distance > 0 && distance >= farthest) {
            farthest = distance;
            *at = x;
        }
        if (x == field->start[last])
            last--;
    }
    return farthest;
}

/* The farthest pixel of the mask; returns its squared distance. */
static int64_t measure(const struct field *field, const struct rle *rle, int32_t *x, int32_t *y)
{
    int64_t farthest = 0;
    measure_columns(field, rle);
    for (int64_t row = 0; row < field->height; row++) {
        int64_t at = 0;
        int64_t distance = measure_row(field, field->column + row * field->width, &at);
        if (distance <= farthest)
            continue;
        farthest = distance;
        *x = (int32_t)(field->box.x0 + at - 1);
        *y = (int32_t)(field->box.y0 + row);
    }
    return farthest;
}

int mask_centre(const struct rle *rle, int32_t *x, int32_t *y, int64_t *squared,
                struct error *error)
{
    static const char what[] = "distances within a mask";
    struct field field = {.box = rle_box(rle)};
    int status = -1;
    if (rle_area(rle) == 0)
        return error_set(error, ERROR_USAGE, "an empty mask has no centre");
    field.width = (int64_t)field.box.x1 - field.box.x0 + 3;
    field.height = (int64_t)field.box.y1 - field.box.y0 + 1;
    size_t width = (size_t)field.width;
    size_t pixels = width * (size_t)field.height;
    if ((field.column = memory_new(pixels, sizeof *field.column, what, error)) &&
        (field.vertex = memory_new(width, sizeof *field.vertex, what, error)) &&
        (field.start = memory_new(width, sizeof *field.start, what, error))) {
        int64_t farthest = measure(&field, rle, x, y);
        if (squared)
            *squared = farthest;
        status = 0;
    }
    memory_free(field.column);
    memory_free(field.vertex);
    memory_free(field.start);
    return status;
}
