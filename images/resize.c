/* The two passes are chained row by row, so memory is a few rows for an image of any height.
 *
 * Across first: an input row is resized across when the vertical pass first needs it, and kept in a
 * ring with as many rows as one output row needs.
 * Down first: the weighted sum of input rows is taken from the image and then resized across. */
#include "images/resize.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"
#include "images/resize_rows.h"

struct resize {
    enum resize_filter filter;
    struct resize_pass across, down;
    bool down_first;
    const uint8_t *from; /* [down.inputs][stride]; NULL: the rows are made */
    size_t stride;       /* bytes */
    const struct resize_source *made;
    int32_t next_input; /* first row not yet in the ring */
    int32_t next_output;
    uint8_t *ring;      /* [down.taps][row_bytes]: input row y, resized across, at y % down.taps */
    uint8_t *row;       /* [row_bytes]: output of the second pass */
    uint8_t *wide;      /* [across.inputs * 3]: output of the first pass if down is first */
    size_t row_bytes;   /* across.outputs * 3 */
    void *memory;       /* holds all arrays */
    size_t memory_size; /* bytes */
};

struct resize *resize_new_filter(enum resize_filter filter, struct error *error)
{
    struct resize *resize = memory_new(1, sizeof *resize, "resize", error);
    if (resize)
        resize->filter = filter;
    return resize;
}

struct resize *resize_new(struct error *error)
{
    return resize_new_filter(RESIZE_BILINEAR, error);
}

void resize_free(struct resize *resize)
{
    if (!resize)
        return;
    memory_free(resize->memory);
    memory_free(resize);
}

struct size resize_longest_side(struct size size, int32_t longest)
{
    double scale = (double)longest / (size.width > size.height ? size.width : size.height);
    int32_t width = (int32_t)(size.width * scale + 0.5);
    int32_t height = (int32_t)(size.height * scale + 0.5);
    return (struct size){width > 1 ? width : 1, height > 1 ? height : 1};
}

/* The weight of a sample at `distance`, which is not negative. */
static double weight_at(enum resize_filter filter, double distance)
{
    const double a = -0.5;
    const double d = distance;
    if (filter == RESIZE_BILINEAR)
        return d < 1.0 ? 1.0 - d : 0.0;
    if (d < 1.0)
        return ((a + 2.0) * d - (a + 3.0)) * d * d + 1;
    return d < 2.0 ? (((d - 5) * d + 8) * d - 4) * a : 0.0;
}

/* How much wider the filter is than when it enlarges. */
static double pass_stretch(const struct resize_pass *pass)
{
    double scale = (double)pass->inputs / pass->outputs;
    return scale > 1.0 ? scale : 1.0;
}

/* Half the filter's width, in input samples. */
static double pass_support(enum resize_filter filter, const struct resize_pass *pass)
{
    return pass_stretch(pass) * (filter == RESIZE_BICUBIC ? 2.0 : 1.0);
}

/* In fixed point, rounded to nearest. */
static int32_t fixed(double weight)
{
    return (int32_t)((weight < 0 ? -0.5 : 0.5) + weight * (1 << RESIZE_FRACTION_BITS));
}

/* Fills the weights of output i; its first and count are set. `exact` is scratch for pass->taps
 * doubles. */
static void pass_fill_output(struct resize_pass *pass, enum resize_filter filter, int32_t i,
                             double center, double *exact)
{
    double inverse = 1.0 / pass_stretch(pass);
    double sum = 0.0;
    for (int32_t t = 0; t < pass->count[i]; t++) {
        double distance = fabs((t + pass->first[i] - center + 0.5) * inverse);
        exact[t] = weight_at(filter, distance);
        sum += exact[t];
    }
    int32_t *weights = pass->weights + (size_t)i * pass->taps;
    for (int32_t t = 0; t < pass->taps; t++) {
        bool used = t < pass->count[i];
        weights[t] = used ? fixed(exact[t] / sum) : 0;
        struct resize_pair *pair = pass->pairs + ((size_t)i * pass->taps + t) / 2;
        pair->low[t % 2] = (int16_t)(weights[t] & ((1 << RESIZE_LOW_BITS) - 1));
        pair->high[t % 2] = (int16_t)(weights[t] >> RESIZE_LOW_BITS);
    }
}

static void pass_fill(struct resize_pass *pass, enum resize_filter filter, double *exact)
{
    double scale = (double)pass->inputs / pass->outputs;
    double support = pass_support(filter, pass);
    pass->negative = filter == RESIZE_BICUBIC;
    pass->inner = 0;
    for (int32_t i = 0; i < pass->outputs; i++) {
        double center = (i + 0.5) * scale;
        int32_t first = (int32_t)(center - support + 0.5);
        int32_t end = (int32_t)(center + support + 0.5);
        pass->first[i] = first > 0 ? first : 0;
        pass->count[i] = (end < pass->inputs ? end : pass->inputs) - pass->first[i];
        pass_fill_output(pass, filter, i, center, exact);
        /* The last step of two taps reads 7 bytes from the first of them. */
        int32_t last = pass->first[i] + (pass->count[i] - 1) / 2 * 2;
        if (last + 3 <= pass->inputs && pass->inner == i)
            pass->inner = i + 1;
    }
}

static void pass_layout(struct resize_pass *pass, enum resize_filter filter, struct arena *arena)
{
    pass->taps = (int32_t)ceil(pass_support(filter, pass)) * 2 + 2;
    pass->first = arena_take(arena, pass->outputs, sizeof *pass->first);
    pass->count = arena_take(arena, pass->outputs, sizeof *pass->count);
    pass->weights = arena_take(arena, (size_t)pass->outputs * pass->taps, sizeof *pass->weights);
    pass->pairs = arena_take(arena, (size_t)pass->outputs * pass->taps / 2, sizeof *pass->pairs);
}

/* Takes all arrays from `arena`; measures if the arena has no base. */
static void resize_layout(struct resize *resize, struct arena *arena, double **exact)
{
    pass_layout(&resize->across, resize->filter, arena);
    pass_layout(&resize->down, resize->filter, arena);
    int32_t taps =
        resize->across.taps > resize->down.taps ? resize->across.taps : resize->down.taps;
    *exact = arena_take(arena, taps, sizeof **exact);
    resize->row = arena_take(arena, resize->row_bytes, 1);
    if (resize->down_first)
        resize->wide = arena_take(arena, resize->across.inputs, 3);
    else
        resize->ring = arena_take(arena, resize->down.taps, resize->row_bytes);
}

/* Prepares to give the rows of the view, resized to `size`, one by one. */
static int resize_begin(struct resize *resize, const struct image_view *from, struct size size,
                        struct error *error)
{
    resize->across.inputs = from->width;
    resize->across.outputs = size.width;
    resize->down.inputs = from->height;
    resize->down.outputs = size.height;
    resize->from = from->rgb;
    resize->stride = from->stride;
    resize->next_input = 0;
    resize->next_output = 0;
    resize->row_bytes = (size_t)size.width * 3;
    int32_t fewer_rows = from->height - size.height;
    resize->down_first = fewer_rows > 0 && fewer_rows > 2 * (from->width - size.width);
    struct arena arena = {0};
    double *exact;
    resize_layout(resize, &arena, &exact);
    if (arena.used > resize->memory_size) {
        memory_free(resize->memory);
        resize->memory_size = 0;
        resize->memory = memory_new(arena.used, 1, "resize", error);
        if (!resize->memory)
            return -1;
        resize->memory_size = arena.used;
    }
    arena = (struct arena){resize->memory, resize->memory_size, 0};
    resize_layout(resize, &arena, &exact);
    pass_fill(&resize->across, resize->filter, exact);
    pass_fill(&resize->down, resize->filter, exact);
    return 0;
}

static const uint8_t *next_down_first(struct resize *resize, int32_t i)
{
    const struct resize_rows rows = {resize->from, resize->stride, resize->down.inputs};
    resize_down(&resize->down, i, &rows, (size_t)resize->across.inputs * 3, resize->wide);
    if (resize->across.inputs == resize->across.outputs)
        return resize->wide;
    resize_across(&resize->across, resize->wide, resize->row);
    return resize->row;
}

/* Input row y, resized across, to[across.outputs][3]. */
static void make_row(const struct resize *resize, int32_t y, uint8_t *to)
{
    const struct resize_source *made = resize->made;
    const uint8_t *from =
        resize->from ? resize->from + (size_t)y * resize->stride : made->row(made->context, y);
    if (from)
        resize_across(&resize->across, from, to);
    else
        for (size_t i = 0; i < resize->row_bytes; i++)
            to[i] = made->fill[i % 3];
}

static const uint8_t *next_across_first(struct resize *resize, int32_t i)
{
    const struct resize_pass *down = &resize->down;
    bool same = down->inputs == down->outputs;
    int32_t end = same ? i + 1 : down->first[i] + down->count[i];
    for (; resize->next_input < end; resize->next_input++) {
        int32_t y = resize->next_input;
        make_row(resize, y, resize->ring + (size_t)(y % down->taps) * resize->row_bytes);
    }
    if (same)
        return resize->ring + (size_t)(i % down->taps) * resize->row_bytes;
    const struct resize_rows rows = {resize->ring, resize->row_bytes, down->taps};
    resize_down(down, i, &rows, resize->row_bytes, resize->row);
    return resize->row;
}

/* The next output row (RGB), valid until the next call. Call it once for each output row. */
static const uint8_t *resize_next(struct resize *resize)
{
    int32_t i = resize->next_output++;
    return resize->down_first ? next_down_first(resize, i) : next_across_first(resize, i);
}

int resize_rgb(struct resize *resize, const struct image_view *from, struct size size, uint8_t *to,
               struct error *error)
{
    if (resize_begin(resize, from, size, error))
        return -1;
    for (int32_t y = 0; y < size.height; y++)
        memcpy(to + (size_t)y * resize->row_bytes, resize_next(resize), resize->row_bytes);
    return 0;
}

int resize_rgb_made(struct resize *resize, const struct resize_source *from, int32_t side,
                    uint8_t *to, struct error *error)
{
    const struct image_view view = {NULL, 0, from->width, from->height};
    resize->made = from;
    return resize_rgb(resize, &view, (struct size){side, side}, to, error);
}

/* Normalised values of the levels of R, G and B: (level - mean) / deviation. */
struct levels {
    float of[3][256];
};

static void levels_fill(struct levels *levels)
{
    /* The reference's pixel_mean and pixel_std. */
    static const float mean[3] = {123.675F, 116.28F, 103.53F};
    static const float deviation[3] = {58.395F, 57.12F, 57.375F};
    for (int c = 0; c < 3; c++)
        for (int level = 0; level < 256; level++)
            levels->of[c][level] = ((float)level - mean[c]) / deviation[c];
}

/* Normalises one row of `width` pixels to the rows R, G, B of tensor, `plane` floats apart. */
static void normalise_row(const struct levels *levels, const uint8_t *rgb, int32_t width,
                          float *tensor, size_t plane)
{
    for (int32_t x = 0; x < width; x++)
        for (int c = 0; c < 3; c++)
            tensor[c * plane + x] = levels->of[c][rgb[3 * x + c]];
}

/* Zeroes the planes to the right of column `width` and below row `height`. */
static void pad_planes(float *tensor, int32_t size, int32_t width, int32_t height)
{
    size_t plane = (size_t)size * size;
    for (int c = 0; c < 3; c++) {
        float *rows = tensor + c * plane;
        for (int32_t y = 0; y < height; y++)
            memset(rows + (size_t)y * size + width, 0, (size_t)(size - width) * sizeof *rows);
        memset(rows + (size_t)height * size, 0, (size_t)(size - height) * size * sizeof *rows);
    }
}

int resize_tensor(struct resize *resize, const struct image_view *from, int32_t side, float *tensor,
                  struct size *filled, struct error *error)
{
    *filled = resize_longest_side((struct size){from->width, from->height}, side);
    if (resize_begin(resize, from, *filled, error))
        return -1;
    struct levels levels;
    levels_fill(&levels);
    for (int32_t y = 0; y < filled->height; y++)
        normalise_row(&levels, resize_next(resize), filled->width, tensor + (size_t)y * side,
                      (size_t)side * side);
    pad_planes(tensor, side, filled->width, filled->height);
    return 0;
}
