#include "pictures/painter.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "images/image.h"
#include "pictures/coverage.h"
#include "pictures/lettering.h"
#include "pictures/scene.h"

enum { BAND_ROWS = 32 };

/* The rim of outlines, in pixels on either side, and its opacity; the rim of labels is a share of their
 * height. */
static const double RIM = 0.7, RIM_OPACITY = 0.35, LABEL_RIM = 0.24, LABEL_RIM_OPACITY = 0.72;

/* How much a coloured mask hides of the outlines of larger masks that run through it. */
static const float HIDES = 0.9F;

/* A ring of an outline is left out if it encloses less than so many squares of the outline's width: of
 * specks and pinholes one would see nothing but their outlines. */
static const double SPECK = 40;

/* What is painted with: a colour and how much of it. */
struct paint {
    uint8_t rgb[3];
    float opacity;
};

/* A band of a picture. Layers are [height][width][4]: red, green, blue times alpha, and alpha. */
struct painter {
    struct image *canvas;
    struct rect band, place;   /* the band is a part of the place */
    float *colours, *outlines; /* owned; BAND_ROWS high */
    struct coverage coverage;
};

/* The layer's pixel where the coverage's row y begins. */
static float *layer_row(const struct painter *painter, float *layer, int32_t y)
{
    const struct rect *area = &painter->coverage.area, *band = &painter->band;
    size_t row = (size_t)(area->y - band->y) + (size_t)y;
    return layer + (row * (size_t)band->width + (size_t)(area->x - band->x)) * 4;
}

/* Paints the coverage over a layer. */
static void paint(const struct painter *painter, float *layer, struct paint paint)
{
    const struct rect *area = &painter->coverage.area;
    const float share = paint.opacity / 255;
    const float colour[4] = {paint.rgb[0], paint.rgb[1], paint.rgb[2], 1};
    for (int32_t y = 0; y < area->height; y++) {
        const uint8_t *covered = painter->coverage.pixels + (size_t)y * (size_t)area->width;
        float *to = layer_row(painter, layer, y);
        for (int32_t x = 0; x < area->width; x++, to += 4) {
            if (covered[x] == 0)
                continue;
            float part = share * covered[x];
            for (int c = 0; c < 4; c++)
                to[c] += part * (colour[c] - to[c]);
        }
    }
}

/* Takes the coverage's share of `opacity` from a layer. */
static void erase(const struct painter *painter, float *layer, float opacity)
{
    const struct rect *area = &painter->coverage.area;
    for (int32_t y = 0; y < area->height; y++) {
        const uint8_t *covered = painter->coverage.pixels + (size_t)y * (size_t)area->width;
        float *to = layer_row(painter, layer, y);
        for (int32_t x = 0; x < area->width; x++, to += 4) {
            if (covered[x] == 0 || to[3] == 0)
                continue;
            float rest = 1 - opacity / 255 * covered[x];
            for (int c = 0; c < 4; c++)
                to[c] *= rest;
        }
    }
}

/* Lays a layer over the canvas. */
static void merge(const struct painter *painter, const float *layer, double opacity)
{
    const struct rect *band = &painter->band;
    const float whole = (float)opacity;
    for (int32_t y = 0; y < band->height; y++) {
        size_t start = (size_t)(band->y + y) * (size_t)painter->canvas->width + (size_t)band->x;
        uint8_t *rgb = painter->canvas->rgb + start * 3;
        for (int32_t x = 0; x < band->width; x++, rgb += 3, layer += 4) {
            if (layer[3] == 0)
                continue;
            float rest = 1 - whole * layer[3];
            for (int c = 0; c < 3; c++)
                rgb[c] = (uint8_t)(rest * rgb[c] + whole * layer[c] + 0.5F);
        }
    }
}

/* The part of the picture that a contour with lines of this width touches. */
static struct rect bounds_of(const struct contour *contour, double width)
{
    float reach = (float)width / 2 + 1, least[2] = {INFINITY, INFINITY};
    float most[2] = {-INFINITY, -INFINITY};
    for (size_t i = 0; i < contour->points; i++)
        for (int c = 0; c < 2; c++) {
            least[c] = fminf(least[c], contour->xy[i][c]);
            most[c] = fmaxf(most[c], contour->xy[i][c]);
        }
    if (contour->points == 0)
        return (struct rect){0, 0, 0, 0};
    int32_t x = (int32_t)floorf(least[0] - reach), y = (int32_t)floorf(least[1] - reach);
    return (struct rect){x, y, (int32_t)ceilf(most[0] + reach) - x,
                         (int32_t)ceilf(most[1] + reach) - y};
}

static void clear(const struct painter *painter, float *layer)
{
    size_t pixels = (size_t)painter->band.width * (size_t)painter->band.height;
    memset(layer, 0, pixels * 4 * sizeof *layer);
}

static void paint_outline(struct painter *painter, const struct scene_mask *mask, double width)
{
    const struct paint rim = {{0, 0, 0}, (float)RIM_OPACITY};
    const struct paint colour = {{mask->rgb[0], mask->rgb[1], mask->rgb[2]}, 1};
    coverage_lines(&painter->coverage, width + 2 * RIM);
    coverage_outline(&painter->coverage, &mask->contour, SPECK * width * width, painter->place);
    coverage_ink(&painter->coverage, width + 2 * RIM);
    paint(painter, painter->outlines, rim);
    coverage_ink(&painter->coverage, width);
    paint(painter, painter->outlines, colour);
}

static int paint_masks(struct painter *painter, const struct scene *scene,
                       const struct rect *bounds, struct error *error)
{
    clear(painter, painter->colours);
    clear(painter, painter->outlines);
    for (size_t i = 0; i < scene->count; i++) {
        const struct scene_mask *mask = &scene->masks[i];
        const struct paint colour = {{mask->rgb[0], mask->rgb[1], mask->rgb[2]},
                                     (float)scene->over};
        if (coverage_begin(&painter->coverage, painter->band, bounds[i], error))
            return -1;
        if (painter->coverage.area.height == 0)
            continue;
        coverage_fill(&painter->coverage, &mask->contour);
        paint(painter, painter->colours, colour);
        if (scene->layer > 0)
            erase(painter, painter->outlines, HIDES);
        if (scene->outline > 0)
            paint_outline(painter, mask, scene->outline);
    }
    merge(painter, painter->colours, scene->layer);
    merge(painter, painter->outlines, 1);
    return 0;
}

/* The part of the picture that text touches with lines of this width. */
static struct rect text_bounds(const char *text, const float at[2], double height, double width)
{
    double reach = width / 2 + 1;
    int32_t x = (int32_t)floor((double)at[0] - reach);
    int32_t y = (int32_t)floor((double)at[1] - height - reach);
    double right = (double)at[0] + lettering_width(text, height) + reach;
    double bottom = (double)at[1] + LETTERING_DESCENT * height + reach;
    return (struct rect){x, y, (int32_t)ceil(right) - x, (int32_t)ceil(bottom) - y};
}

/* Text in the layer of outlines: with a dark rim of this width. */
static int paint_text(struct painter *painter, const struct painter_text *text, double rim,
                      struct error *error)
{
    const struct paint dark = {{0, 0, 0}, (float)LABEL_RIM_OPACITY};
    const struct paint colour = {{text->rgb[0], text->rgb[1], text->rgb[2]}, 1};
    double line = fmax(LETTERING_LINE * text->height, 1.1);
    struct rect bounds = text_bounds(text->text, text->at, text->height, line + 2 * rim);
    if (coverage_begin(&painter->coverage, painter->band, bounds, error))
        return -1;
    if (painter->coverage.area.height == 0)
        return 0;
    coverage_lines(&painter->coverage, line + 2 * rim);
    lettering_draw(&painter->coverage, text->text, text->at, text->height);
    if (rim > 0) {
        coverage_ink(&painter->coverage, line + 2 * rim);
        paint(painter, painter->outlines, dark);
    }
    coverage_ink(&painter->coverage, line);
    paint(painter, painter->outlines, colour);
    return 0;
}

static int paint_labels(struct painter *painter, const struct scene *scene, struct error *error)
{
    clear(painter, painter->outlines);
    for (size_t i = 0; i < scene->count; i++) {
        const struct scene_mask *mask = &scene->masks[i];
        const struct painter_text text = {.text = mask->label.text,
                                          .at = {mask->label_at[0], mask->label_at[1]},
                                          .height = mask->label_height,
                                          .rgb = {255, 255, 255}};
        if (*text.text && paint_text(painter, &text, LABEL_RIM * text.height, error))
            return -1;
    }
    merge(painter, painter->outlines, 1);
    return 0;
}

static int paint_bands(struct painter *painter, struct rect place, const struct scene *scene,
                       const struct rect *bounds, struct error *error)
{
    for (int32_t y = 0; y < place.height; y += BAND_ROWS) {
        int32_t rows = place.height - y < BAND_ROWS ? place.height - y : BAND_ROWS;
        painter->band = (struct rect){place.x, place.y + y, place.width, rows};
        if (paint_masks(painter, scene, bounds, error) || paint_labels(painter, scene, error))
            return -1;
    }
    return 0;
}

/* Memory for bands of this width. */
static int painter_begin(struct painter *painter, struct image *canvas, int32_t width,
                         struct error *error)
{
    size_t size = (size_t)width * BAND_ROWS * 4;
    *painter = (struct painter){.canvas = canvas};
    painter->colours = memory_new(size, sizeof *painter->colours, "a picture", error);
    painter->outlines = memory_new(size, sizeof *painter->outlines, "a picture", error);
    return painter->colours && painter->outlines ? 0 : -1;
}

static void painter_end(struct painter *painter)
{
    coverage_free(&painter->coverage);
    memory_free(painter->colours);
    memory_free(painter->outlines);
}

int painter_paint(struct image *canvas, struct rect place, const struct scene *scene,
                  struct error *error)
{
    struct painter painter;
    struct rect *bounds = memory_new(scene->count, sizeof *bounds, "a picture", error);
    int status = painter_begin(&painter, canvas, place.width, error);
    painter.place = place;
    if (!bounds)
        status = -1;
    for (size_t i = 0; status == 0 && i < scene->count; i++)
        bounds[i] = bounds_of(&scene->masks[i].contour, scene->outline + 2 * RIM);
    if (status == 0)
        status = paint_bands(&painter, place, scene, bounds, error);
    painter_end(&painter);
    memory_free(bounds);
    return status;
}

int painter_write(struct image *canvas, const struct painter_text *text, struct error *error)
{
    struct painter painter;
    int status = painter_begin(&painter, canvas, canvas->width, error);
    for (int32_t y = 0; status == 0 && y < canvas->height; y += BAND_ROWS) {
        int32_t rows = canvas->height - y < BAND_ROWS ? canvas->height - y : BAND_ROWS;
        painter.band = (struct rect){0, y, canvas->width, rows};
        if ((float)(y + rows) < text->at[1] - 2 * (float)text->height ||
            (float)y > text->at[1] + (float)text->height)
            continue;
        clear(&painter, painter.outlines);
        status = paint_text(&painter, text, 0, error);
        if (status == 0)
            merge(&painter, painter.outlines, 1);
    }
    painter_end(&painter);
    return status;
}
