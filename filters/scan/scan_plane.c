#include "filters/scan/scan_plane.h"

#include <stddef.h>

#include "base/memory.h"
#include "filters/scan/scan_geometry.h"

/* The samples along an axis that outputs from .. from + count - 1 depend on. */
static void sources(const struct scan_axis *axis, int32_t from, int32_t count, int32_t *first,
                    int32_t *length)
{
    *first = axis->first[from];
    *length = axis->second[from + count - 1] - *first + 1;
}

/* One row of `from`, enlarged to the columns of `to`. */
static void enlarge_row(const struct scan_window *from, int32_t row,
                        const struct scan_axis *columns, const struct rect *to, float *out)
{
    const float *in = from->values + (size_t)(row - from->rect.y) * (size_t)from->rect.width;
    for (int32_t i = 0; i < to->width; i++) {
        int32_t at = to->x + i;
        out[i] = columns->weight0[at] * in[columns->first[at] - from->rect.x] +
                 columns->weight1[at] * in[columns->second[at] - from->rect.x];
    }
}

/* Fills to->values from a window that has all the samples it depends on; rows[2][to width] is scratch.
 * Each row of `from` is enlarged once, since neighbours of `to` share them. */
static void enlarge(const struct scan_window *from, const struct scan_axis *down,
                    const struct scan_axis *across, const struct scan_window *to, float *rows)
{
    const int32_t width = to->rect.width;
    float *slots[2] = {rows, rows + width};
    int32_t held[2] = {-1, -1};
    for (int32_t i = 0; i < to->rect.height; i++) {
        const int32_t y = to->rect.y + i;
        const int32_t wanted[2] = {down->first[y], down->second[y]};
        for (int k = 0; k < 2; k++)
            if (held[wanted[k] & 1] != wanted[k]) {
                enlarge_row(from, wanted[k], across, &to->rect, slots[wanted[k] & 1]);
                held[wanted[k] & 1] = wanted[k];
            }
        const float *upper = slots[wanted[0] & 1], *lower = slots[wanted[1] & 1];
        float *out = to->values + (size_t)i * (size_t)width;
        for (int32_t x = 0; x < width; x++)
            out[x] = down->weight0[y] * upper[x] + down->weight1[y] * lower[x];
    }
}

int scan_plane(const struct scan_geometry *geometry, const float *logits, struct rect rect,
               struct scan_window *window, struct error *error)
{
    const int low = geometry->size.low_size;
    struct scan_window whole = {{0, 0, low, low}, (float *)logits}; /* only read */
    struct scan_window model = {{0}, NULL};
    sources(&geometry->columns, rect.x, rect.width, &model.rect.x, &model.rect.width);
    sources(&geometry->rows, rect.y, rect.height, &model.rect.y, &model.rect.height);
    const size_t pixels = (size_t)rect.width * (size_t)rect.height;
    const size_t samples = (size_t)model.rect.width * (size_t)model.rect.height;
    const int32_t widest = rect.width > model.rect.width ? rect.width : model.rect.width;
    float *rows = memory_new(2 * (size_t)widest, sizeof *rows, "a plane of logits", error);
    *window = (struct scan_window){rect, NULL};
    model.values = memory_new(samples, sizeof(float), "a plane of logits", error);
    if (rows && model.values &&
        (window->values = memory_new(pixels, sizeof(float), "a plane of logits", error))) {
        enlarge(&whole, &geometry->model, &geometry->model, &model, rows);
        enlarge(&model, &geometry->rows, &geometry->columns, window, rows);
    }
    memory_free(model.values);
    memory_free(rows);
    return window->values ? 0 : -1;
}
