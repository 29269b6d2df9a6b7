/* The passes are chained row by row. An input row is resized across when the vertical pass first
 * needs it, and kept in a ring with as many rows as one output row needs. */
#include "images/resize_square.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "images/image.h"

/* Output i is the sum over t < count[i] of weights[i * taps + t] * input[first[i] + t]. */
struct float_pass {
    int32_t inputs, outputs, taps;
    int32_t *first, *count; /* [outputs], first never falls */
    float *weights;         /* [outputs][taps] */
};

struct square {
    struct float_pass across, down;
    float *wide; /* [across.inputs * 3]: one input row, 0..1 */
    float *ring; /* [down.taps][3][side]: input row y, resized across, at y % down.taps */
    float levels[256];
};

/* Half the filter's width, in input samples. */
static float support(const struct float_pass *pass)
{
    float scale = (float)pass->inputs / (float)pass->outputs;
    return scale > 1 ? scale : 1;
}

/* The products and sums in double and the roundings to float are ATen's. */
static void fill_output(struct float_pass *pass, int32_t i)
{
    float scale = (float)pass->inputs / (float)pass->outputs, reach = support(pass);
    float inverse = scale >= 1 ? 1 / scale : 1, sum = 0;
    float center = (float)((double)scale * (i + 0.5));
    float *weights = pass->weights + (size_t)i * (size_t)pass->taps;
    int32_t first = (int32_t)((double)(center - reach) + 0.5);
    int32_t end = (int32_t)((double)(center + reach) + 0.5);
    pass->first[i] = first > 0 ? first : 0;
    pass->count[i] = (end < pass->inputs ? end : pass->inputs) - pass->first[i];
    if (pass->count[i] > pass->taps)
        pass->count[i] = pass->taps;
    for (int32_t t = 0; t < pass->count[i]; t++) {
        double distance = (double)((float)(pass->first[i] + t) - center) + 0.5;
        float x = fabsf((float)(distance * (double)inverse));
        weights[t] = x < 1 ? 1 - x : 0;
        sum += weights[t];
    }
    for (int32_t t = 0; t < pass->count[i]; t++)
        weights[t] /= sum;
}

static void pass_layout(struct float_pass *pass, struct arena *arena)
{
    size_t outputs = (size_t)pass->outputs;
    pass->taps = (int32_t)ceilf(support(pass)) * 2 + 1;
    pass->first = arena_take(arena, outputs, sizeof *pass->first);
    pass->count = arena_take(arena, outputs, sizeof *pass->count);
    pass->weights = arena_floats(arena, outputs, (size_t)pass->taps);
}

static void layout(void *context, struct arena *arena)
{
    struct square *square = context;
    pass_layout(&square->across, arena);
    pass_layout(&square->down, arena);
    square->wide = arena_floats(arena, (size_t)square->across.inputs, 3);
    square->ring =
        arena_floats(arena, (size_t)square->down.taps, 3 * (size_t)square->across.outputs);
}

/* One row of bytes to three rows of `outputs` floats, one after the other. */
static void resize_row(const struct square *square, const uint8_t *rgb, float *to)
{
    const struct float_pass *pass = &square->across;
    for (size_t x = 0; x < 3 * (size_t)pass->inputs; x++)
        square->wide[x] = square->levels[rgb[x]];
    for (int32_t i = 0; i < pass->outputs; i++) {
        const float *pixel = square->wide + 3 * (size_t)pass->first[i];
        const float *weights = pass->weights + (size_t)i * (size_t)pass->taps;
        float red = 0, green = 0, blue = 0;
        for (int32_t t = 0; t < pass->count[i]; t++, pixel += 3) {
            red += weights[t] * pixel[0];
            green += weights[t] * pixel[1];
            blue += weights[t] * pixel[2];
        }
        to[i] = red;
        to[pass->outputs + i] = green;
        to[2 * pass->outputs + i] = blue;
    }
}

/* to[x] = (sum of weighted rows - mean) / deviation, for output row i of channel c. */
static void finish_row(const struct square *square, int32_t i, int c, float *to)
{
    static const float mean[3] = {0.485F, 0.456F, 0.406F};
    static const float deviation[3] = {0.229F, 0.224F, 0.225F};
    const struct float_pass *pass = &square->down;
    size_t side = (size_t)pass->outputs;
    memset(to, 0, side * sizeof *to);
    for (int32_t t = 0; t < pass->count[i]; t++) {
        size_t slot = (size_t)((pass->first[i] + t) % pass->taps);
        const float *row = square->ring + (3 * slot + (size_t)c) * side;
        float weight = pass->weights[(size_t)i * (size_t)pass->taps + (size_t)t];
        for (size_t x = 0; x < side; x++)
            to[x] += weight * row[x];
    }
    for (size_t x = 0; x < side; x++)
        to[x] = (to[x] - mean[c]) / deviation[c];
}

int resize_square(const struct image_view *from, int32_t side, float *tensor, struct error *error)
{
    struct square square = {
        .across = {.inputs = from->width, .outputs = side},
        .down = {.inputs = from->height, .outputs = side},
    };
    const struct float_pass *down = &square.down;
    size_t row = (size_t)side, plane = row * row;
    struct arena arena;
    if (arena_make(&arena, layout, &square, "resize", error))
        return -1;
    for (int level = 0; level < 256; level++)
        square.levels[level] = (float)level / 255;
    for (int32_t i = 0; i < side; i++) {
        fill_output(&square.across, i);
        fill_output(&square.down, i);
    }
    for (int32_t i = 0, next = 0; i < side; i++) {
        for (; next < down->first[i] + down->count[i]; next++)
            resize_row(&square, from->rgb + (size_t)next * from->stride,
                       square.ring + (size_t)(next % down->taps) * 3 * row);
        for (int c = 0; c < 3; c++)
            finish_row(&square, i, c, tensor + (size_t)c * plane + (size_t)i * row);
    }
    arena_free(&arena);
    return 0;
}
