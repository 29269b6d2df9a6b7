#include "pictures/picture.h"

#include <math.h>
#include <string.h>

#include "images/image.h"
#include "images/image_scale.h"
#include "pictures/painter.h"
#include "pictures/scene.h"
#include "records/record.h"

/* The gap between two pictures: a hundredth of the side, but so many pixels at least. */
enum { GAP_LEAST = 4, GAP_PART = 100, WHITE = 0xFF, NO_PHOTOGRAPH = 0x80 };

static int32_t greater(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t scaled(int32_t side, double scale)
{
    return greater((int32_t)lround(side * scale), 1);
}

static int32_t gap_of(int32_t width, int32_t height)
{
    return greater(greater(width, height) / GAP_PART, GAP_LEAST);
}

/* Width of the whole, of which each picture has this size. */
static int32_t whole_width(const struct picture_options *options, int32_t width, int32_t height)
{
    return options->side_by_side ? 2 * width + gap_of(width, height) : width;
}

struct picture_layout picture_layout(const struct picture_options *options, struct size image,
                                     int32_t most)
{
    int32_t width = image.width, height = image.height;
    double side = greater(whole_width(options, width, height), height);
    double wanted = options->size > 0 ? options->size : side;
    if (most > 0 && wanted > most)
        wanted = most;
    if (wanted != side) {
        width = scaled(image.width, wanted / side);
        height = scaled(image.height, wanted / side);
    }
    /* The gap does not scale with the rest. */
    while (width > 1 && greater(whole_width(options, width, height), height) > wanted)
        width--;
    int32_t whole = whole_width(options, width, height);
    return (struct picture_layout){{whole, height}, {whole - width, 0, width, height}};
}

/* Fills a part of the canvas with a gray. */
static void fill(struct image *canvas, struct rect place, uint8_t gray)
{
    for (int32_t y = 0; y < place.height; y++) {
        size_t start = (size_t)(place.y + y) * (size_t)canvas->width + (size_t)place.x;
        memset(canvas->rgb + start * 3, gray, (size_t)place.width * 3);
    }
}

static int put_photograph(struct image *canvas, struct rect place, const struct image *photograph,
                          struct error *error)
{
    if (photograph)
        return image_scale(photograph, canvas, place, error);
    fill(canvas, place, NO_PHOTOGRAPH);
    return 0;
}

struct scene_frame picture_frame(const struct rect *place, const struct record *record)
{
    return (struct scene_frame){
        .origin = {place->x, place->y},
        .scale = {(double)place->width / record->width, (double)place->height / record->height},
        .side = greater(place->width, place->height),
    };
}

int picture_paint(struct image *canvas, struct rect place, const struct image *photograph,
                  const struct record *record, const struct picture_style *style,
                  struct error *error)
{
    struct scene scene;
    const struct scene_frame frame = picture_frame(&place, record);
    if (put_photograph(canvas, place, photograph, error))
        return -1;
    int status = scene_make(&scene, record, style, &frame, error);
    if (status == 0)
        status = painter_paint(canvas, place, &scene, error);
    scene_free(&scene);
    return status;
}

int picture_make(struct image *canvas, const struct image *photograph, const struct record *record,
                 const struct picture_options *options, int32_t most, struct error *error)
{
    const struct size image = {(int32_t)record->width, (int32_t)record->height};
    const struct picture_layout layout = picture_layout(options, image, most);
    if (image_reserve(canvas, layout.whole.width, layout.whole.height, error))
        return -1;
    struct rect left = layout.masked, gap = {layout.masked.width, 0, 0, layout.whole.height};
    left.x = 0;
    gap.width = layout.masked.x - layout.masked.width;
    if (options->side_by_side) {
        fill(canvas, gap, WHITE);
        if (put_photograph(canvas, left, photograph, error))
            return -1;
    }
    return picture_paint(canvas, layout.masked, photograph, record, &options->style, error);
}

int picture_overlay(const struct image *photograph, const struct record *record,
                    const struct picture_style *style, uint8_t **bytes, size_t *size,
                    struct error *error)
{
    struct image canvas = {0};
    const struct picture_options options = {.style = *style};
    int status = picture_make(&canvas, photograph, record, &options, PICTURE_JPEG_SIDE, error);
    if (status == 0)
        status = image_jpeg(&canvas, PICTURE_JPEG_QUALITY, bytes, size, error);
    image_free(&canvas);
    return status;
}
