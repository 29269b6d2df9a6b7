#include "records/overlay.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "images/image.h"

/* Contours are 1 pixel wide, and 1 more for each so many pixels of the longest side. */
enum { SIDE_PER_CONTOUR_PIXEL = 500 };

struct colour {
    uint8_t rgb[3];
};

/* Hues in steps of the golden ratio, so that neighbours in the list differ most. */
static struct colour mask_colour(size_t place)
{
    double hue = 6.0 * fmod(0.05 + (double)place * 0.6180339887498949, 1.0);
    double strength = place % 3 == 1 ? 0.6 : 0.9;
    struct colour colour;
    for (int c = 0; c < 3; c++) {
        /* Distance from the hue of this primary: 0 for red at 0, green at 2, blue at 4. */
        double distance = fabs(remainder(hue - 2 * c, 6.0));
        double part = fmin(fmax(2.0 - distance, 0.0), 1.0);
        colour.rgb[c] = (uint8_t)(255.0 * (1.0 - strength * (1.0 - part)));
    }
    return colour;
}

/* One mask's pixels within its box. */
struct stencil {
    struct box box;
    int32_t width, height; /* of the box */
    uint8_t *inside;       /* [height][width], 0 or 1; allocated for a whole image */
};

static void stencil_fill(struct stencil *stencil, const struct rle *rle)
{
    stencil->box = rle_box(rle);
    stencil->width = stencil->box.x1 - stencil->box.x0 + 1;
    stencil->height = stencil->box.y1 - stencil->box.y0 + 1;
    memset(stencil->inside, 0, (size_t)stencil->width * stencil->height);
    uint32_t start = 0;
    for (size_t run = 0; run < rle->length; start += rle->counts[run++])
        for (uint32_t i = start; run % 2 == 1 && i < start + rle->counts[run]; i++) {
            int32_t x = (int32_t)(i / rle->height) - stencil->box.x0;
            int32_t y = (int32_t)(i % rle->height) - stencil->box.y0;
            stencil->inside[(size_t)y * stencil->width + x] = 1;
        }
}

static bool is_inside(const struct stencil *stencil, int32_t x, int32_t y)
{
    return x >= 0 && y >= 0 && x < stencil->width && y < stencil->height &&
           stencil->inside[(size_t)y * stencil->width + x];
}

static void paint_mask(const struct stencil *stencil, struct colour colour, int32_t border,
                       const struct image *image, uint8_t *rgb)
{
    for (int32_t y = 0; y < stencil->height; y++)
        for (int32_t x = 0; x < stencil->width; x++) {
            if (!stencil->inside[(size_t)y * stencil->width + x])
                continue;
            bool inner = is_inside(stencil, x - border, y) && is_inside(stencil, x + border, y) &&
                         is_inside(stencil, x, y - border) && is_inside(stencil, x, y + border);
            size_t pixel = ((size_t)(stencil->box.y0 + y) * image->width + stencil->box.x0 + x) * 3;
            for (int c = 0; c < 3; c++)
                rgb[pixel + c] =
                    inner ? (uint8_t)((image->rgb[pixel + c] + colour.rgb[c]) / 2) : colour.rgb[c];
        }
}

struct place {
    uint64_t area;
    size_t index;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *first = a, *second = b;
    if (first->area != second->area)
        return first->area > second->area ? -1 : 1;
    return first->index < second->index ? -1 : first->index > second->index;
}

static void paint_all(const struct image *image, const struct mask_list *masks,
                      struct place *places, struct stencil *stencil, uint8_t *rgb)
{
    int32_t side = image->width > image->height ? image->width : image->height;
    int32_t border = 1 + side / SIDE_PER_CONTOUR_PIXEL;
    for (size_t i = 0; i < masks->count; i++)
        places[i] = (struct place){rle_area(&masks->items[i].rle), i};
    qsort(places, masks->count, sizeof *places, compare_places);
    for (size_t i = 0; i < masks->count && places[i].area > 0; i++) {
        size_t index = places[i].index;
        stencil_fill(stencil, &masks->items[index].rle);
        paint_mask(stencil, mask_colour(index), border, image, rgb);
    }
}

int overlay_paint(const struct image *image, const struct mask_list *masks, uint8_t *rgb,
                  struct error *error)
{
    size_t pixels = (size_t)image->width * image->height;
    memcpy(rgb, image->rgb, pixels * 3);
    struct stencil stencil = {.inside = memory_new(pixels, 1, "overlay", error)};
    struct place *places = memory_new(masks->count, sizeof *places, "overlay", error);
    bool room = stencil.inside && places;
    if (room)
        paint_all(image, masks, places, &stencil, rgb);
    memory_free(stencil.inside);
    memory_free(places);
    return room ? 0 : -1;
}

/* The mean of channel c in a region, which is not empty. */
static uint8_t mean(const struct image *image, struct rect region, int c)
{
    uint64_t sum = 0, count = (uint64_t)region.width * (uint64_t)region.height;
    assert(count > 0);
    for (int32_t y = region.y; y < region.y + region.height; y++)
        for (int32_t x = region.x; x < region.x + region.width; x++)
            sum += image->rgb[((size_t)y * image->width + x) * 3 + c];
    return (uint8_t)((sum + count / 2) / count);
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* The mean of `factor` x `factor` pixels, fewer at the right and lower edges, becomes one. In
 * place: a pixel is written after all that it is made of have been read. */
static void reduce(struct image *image, int32_t factor)
{
    uint8_t *to = image->rgb;
    for (int32_t y = 0; y < image->height; y += factor)
        for (int32_t x = 0; x < image->width; x += factor, to += 3) {
            const struct rect region = {x, y, least(factor, image->width - x),
                                        least(factor, image->height - y)};
            const uint8_t rgb[3] = {mean(image, region, 0), mean(image, region, 1),
                                    mean(image, region, 2)};
            memcpy(to, rgb, 3);
        }
    image->width = (image->width + factor - 1) / factor;
    image->height = (image->height + factor - 1) / factor;
}

int overlay_jpeg(const struct image *image, const struct mask_list *masks, uint8_t **bytes,
                 size_t *size, struct error *error)
{
    struct image painted = {image->width, image->height, NULL, 0};
    painted.rgb = memory_new((size_t)image->width * image->height, 3, "overlay", error);
    if (!painted.rgb)
        return -1;
    int status = overlay_paint(image, masks, painted.rgb, error);
    int32_t side = image->width > image->height ? image->width : image->height;
    if (status == 0 && side > OVERLAY_SIDE_MOST)
        reduce(&painted, (side + OVERLAY_SIDE_MOST - 1) / OVERLAY_SIDE_MOST);
    if (status == 0)
        status = image_jpeg(&painted, 90, bytes, size, error);
    image_free(&painted);
    return status;
}
