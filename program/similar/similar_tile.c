#include "program/similar/similar_tile.h"

#include <math.h>
#include <string.h>

#include "images/image.h"
#include "images/image_scale.h"
#include "pictures/painter.h"
#include "pictures/scene.h"
#include "records/record.h"

static const double AROUND = 1.5; /* sides of the part by the box's longer one */
enum { PART_LEAST = 48, PAPER = 0xE8, NO_PHOTOGRAPH = 0x80 };

static const uint8_t COLOUR[3] = {0, 190, 255};    /* rare in photographs */
static const double OUTLINE = 0.012, ALPHA = 0.12; /* OUTLINE: of the tile's side */

static int32_t bound(int32_t number, int32_t least, int32_t most)
{
    return number < least ? least : number > most ? most : number;
}

struct rect similar_tile_part(struct box box, struct size image)
{
    const int32_t width = box.x1 - box.x0 + 1, height = box.y1 - box.y0 + 1;
    const double longer = width > height ? width : height;
    const int32_t side = (int32_t)fmax(ceil(longer * AROUND), PART_LEAST);
    struct rect part = {.width = bound(side, 1, image.width),
                        .height = bound(side, 1, image.height)};
    part.x = bound(box.x0 + (width - part.width) / 2, 0, image.width - part.width);
    part.y = bound(box.y0 + (height - part.height) / 2, 0, image.height - part.height);
    return part;
}

static void fill(struct image *canvas, struct rect place, uint8_t gray)
{
    for (int32_t y = place.y; y < place.y + place.height; y++)
        memset(canvas->rgb + ((size_t)y * (size_t)canvas->width + (size_t)place.x) * 3, gray,
               (size_t)place.width * 3);
}

void similar_tile_clear(struct image *canvas, struct rect place)
{
    fill(canvas, place, PAPER);
}

/* Where the part lies in the square: in its middle. */
static struct rect inner_place(struct rect place, struct rect part)
{
    const double scale =
        (double)place.width / (part.width > part.height ? part.width : part.height);
    const int32_t width = bound((int32_t)lround(part.width * scale), 1, place.width);
    const int32_t height = bound((int32_t)lround(part.height * scale), 1, place.height);
    return (struct rect){place.x + (place.width - width) / 2, place.y + (place.height - height) / 2,
                         width, height};
}

/* Puts a part of the photograph into a place of the canvas. */
static int put_part(struct image *canvas, struct rect place, const struct image *photograph,
                    struct rect part, struct error *error)
{
    struct image cut = {0};
    if (image_reserve(&cut, part.width, part.height, error))
        return -1;
    const struct image_view view = image_view_of(photograph, part);
    for (int32_t y = 0; y < part.height; y++)
        memcpy(cut.rgb + (size_t)y * (size_t)part.width * 3, view.rgb + (size_t)y * view.stride,
               (size_t)part.width * 3);
    int status = image_scale(&cut, canvas, place, error);
    image_free(&cut);
    return status;
}

static int paint_mask(struct image *canvas, struct rect place, struct rect part,
                      const struct record *record, size_t at, struct error *error)
{
    const int64_t id = record_id(record, at);
    const struct picture_style style = {
        .outline = fmax(place.width * OUTLINE, 1), .alpha = ALPHA, .only = &id, .only_count = 1};
    const double scale[2] = {(double)place.width / part.width, (double)place.height / part.height};
    const struct scene_frame frame = {
        .origin = {place.x - part.x * scale[0], place.y - part.y * scale[1]},
        .scale = {scale[0], scale[1]},
        .side = place.width > place.height ? place.width : place.height};
    struct scene scene;
    int status = scene_make(&scene, record, &style, &frame, error);
    for (size_t i = 0; status == 0 && i < scene.count; i++)
        memcpy(scene.masks[i].rgb, COLOUR, sizeof COLOUR);
    if (status == 0)
        status = painter_paint(canvas, place, &scene, error);
    scene_free(&scene);
    return status;
}

int similar_tile_draw(struct image *canvas, struct rect place, const struct image *photograph,
                      const struct record *record, size_t at, struct error *error)
{
    const struct size size = {(int32_t)record->width, (int32_t)record->height};
    const struct rect part = similar_tile_part(record->masks.items[at].box, size);
    const struct rect inner = inner_place(place, part);
    similar_tile_clear(canvas, place);
    if (!photograph)
        fill(canvas, inner, NO_PHOTOGRAPH);
    else if (put_part(canvas, inner, photograph, part, error))
        return -1;
    return paint_mask(canvas, inner, part, record, at, error);
}
