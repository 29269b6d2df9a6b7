#include "pipeline/overlay.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "pipeline/image.h"

enum { QUALITY = 90 };

/* Masks in the order of painting. */
struct layer {
    uint64_t area;
    size_t index; /* in the list: decides the colour */
};

static int larger_first(const void *a, const void *b)
{
    const struct layer *x = a;
    const struct layer *y = b;
    if (x->area != y->area)
        return x->area < y->area ? 1 : -1;
    return x->index > y->index ? 1 : -1;
}

/* Hues a golden ratio apart never come close soon; lightness alternates so that neighbours in the
 * list differ in more than hue. */
static void choose_colour(size_t index, double rgb[3])
{
    static const double golden_ratio = 0.618033988749895;
    double turns = (double)index * golden_ratio;
    double hue = 6 * (turns - floor(turns));
    double value = index % 2 ? 255 : 210;
    for (int c = 0; c < 3; c++) {
        double distance =
            fabs(fmod(hue + 6 - 2 * c, 6) - 3); /* 3 at the channel's own hue's far side */
        double share = fmin(1, fmax(0, 2 - distance));
        rgb[c] = value * (1 - share);
    }
}

/* Sets every pixel of the mask in bits[height][width] to `value`. */
static void mark(const struct rle *rle, uint8_t *bits, uint8_t value)
{
    uint32_t at = 0;
    for (size_t run = 0; run < rle->length; run++) {
        uint32_t end = at + rle->counts[run];
        for (uint32_t i = at; run % 2 && i < end; i++)
            bits[(size_t)(i % rle->height) * rle->width + i / rle->height] = value;
        at = end;
    }
}

/* Whether a pixel of the mask has one outside beside it; the image's edge counts as outside. */
static bool is_border(const uint8_t *bits, int32_t width, int32_t height, int32_t x, int32_t y)
{
    const uint8_t *at = bits + (size_t)y * (size_t)width + x;
    return x == 0 || y == 0 || x == width - 1 || y == height - 1 || !at[-1] || !at[1] ||
           !at[-width] || !at[width];
}

static void paint(struct image *image, const struct mask *mask, const uint8_t *bits,
                  const double rgb[3])
{
    for (int32_t y = mask->box.y0; y <= mask->box.y1; y++)
        for (int32_t x = mask->box.x0; x <= mask->box.x1; x++) {
            size_t at = (size_t)y * (size_t)image->width + (size_t)x;
            if (!bits[at])
                continue;
            double share = is_border(bits, image->width, image->height, x, y) ? 1 : 0.5;
            for (int c = 0; c < 3; c++)
                image->rgb[3 * at + c] =
                    (uint8_t)(share * rgb[c] + (1 - share) * image->rgb[3 * at + c] + 0.5);
        }
}

int overlay_paint(struct image *image, const struct mask_list *masks, struct error *error)
{
    size_t pixels = (size_t)image->width * (size_t)image->height;
    struct layer *layers = memory_new(masks->count, sizeof *layers, "overlay", error);
    uint8_t *bits = layers ? memory_new(pixels, 1, "overlay", error) : NULL;
    for (size_t i = 0; bits && i < masks->count; i++)
        layers[i] = (struct layer){masks->items[i].area, i};
    if (bits && masks->count)
        qsort(layers, masks->count, sizeof *layers, larger_first);
    for (size_t i = 0; bits && i < masks->count; i++) {
        const struct mask *mask = &masks->items[layers[i].index];
        double rgb[3];
        if (mask->area == 0)
            continue;
        choose_colour(layers[i].index, rgb);
        mark(&mask->rle, bits, 1);
        paint(image, mask, bits, rgb);
        mark(&mask->rle, bits, 0);
    }
    memory_free(layers);
    memory_free(bits);
    return bits ? 0 : -1;
}

int overlay_jpeg(const struct image *image, const struct mask_list *masks, uint8_t **bytes,
                 size_t *size, struct error *error)
{
    size_t length = (size_t)3 * (size_t)image->width * (size_t)image->height;
    struct image copy = {.width = image->width, .height = image->height, .capacity = length};
    copy.rgb = malloc(length);
    if (!copy.rgb)
        return error_set(error, ERROR_MEMORY, "no memory for an overlay");
    memcpy(copy.rgb, image->rgb, length);
    int status = overlay_paint(&copy, masks, error);
    if (status == 0)
        status = image_jpeg(&copy, QUALITY, bytes, size, error);
    image_free(&copy);
    return status;
}
