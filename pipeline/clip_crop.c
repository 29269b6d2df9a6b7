#include "pipeline/clip_crop.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "images/image.h"
#include "images/resize.h"
#include "rle/rle.h"
#include "rle/strips.h"

/* CLIP's mean colour, 255 * mean[c] below, rounded. */
static const uint8_t mean_colour[3] = {123, 117, 104};

struct clip_crop {
    int32_t side;
    enum clip_background background;
    struct resize *resize;
    uint8_t *rgb;         /* [S][S][3] */
    float levels[3][256]; /* normalised values of the levels of R, G and B */

    /* of one mask */
    const struct image *image;
    struct box box;
    struct rect square;
    uint8_t *row; /* [square.width][3] */
    uint8_t
        *bits; /* [height of the box][bit_stride]: bit x % 8 of byte x / 8 is pixel x of the box */
    size_t bit_stride;  /* bytes */
    void *memory;       /* holds row and bits */
    size_t memory_size; /* bytes */
};

static void fill_levels(struct clip_crop *crop)
{
    static const float mean[3] = {0.48145466F, 0.4578275F, 0.40821073F};
    static const float deviation[3] = {0.26862954F, 0.26130258F, 0.27577711F};
    for (int c = 0; c < 3; c++)
        for (int level = 0; level < 256; level++)
            crop->levels[c][level] = ((float)level / 255.0F - mean[c]) / deviation[c];
}

struct clip_crop *clip_crop_new(int32_t side, enum clip_background background, struct error *error)
{
    struct clip_crop *crop = memory_new(1, sizeof *crop, "crop", error);
    if (!crop)
        return NULL;
    crop->side = side;
    crop->background = background;
    fill_levels(crop);
    crop->rgb = memory_new((size_t)side * (size_t)side, 3, "crop", error);
    crop->resize = crop->rgb ? resize_new_filter(RESIZE_BICUBIC, error) : NULL;
    if (crop->resize)
        return crop;
    clip_crop_free(crop);
    return NULL;
}

void clip_crop_free(struct clip_crop *crop)
{
    if (!crop)
        return;
    resize_free(crop->resize);
    memory_free(crop->rgb);
    memory_free(crop->memory);
    memory_free(crop);
}

uint64_t clip_crop_bytes(struct size image)
{
    uint64_t longest = (uint64_t)(image.width > image.height ? image.width : image.height);
    uint64_t rows = (uint64_t)image.height * (((uint64_t)image.width + 7) / 8);
    return CLIP_CROP_BYTES_A_PIXEL * longest + rows;
}

struct rect clip_crop_square(const struct box *box)
{
    int32_t width = box->x1 - box->x0 + 1, height = box->y1 - box->y0 + 1;
    int32_t longest = width > height ? width : height;
    int32_t side = longest + 2 * ((longest + 9) / 10);
    if (side < CLIP_CROP_LEAST)
        side = CLIP_CROP_LEAST;
    return (struct rect){box->x0 - (side - width + 1) / 2, box->y0 - (side - height + 1) / 2, side,
                         side};
}

/* Makes room for the rows of a mask. */
static int reserve(struct clip_crop *crop, struct error *error)
{
    size_t row = (size_t)crop->square.width * 3;
    size_t height = (size_t)(crop->box.y1 - crop->box.y0) + 1;
    crop->bit_stride = (size_t)(crop->box.x1 - crop->box.x0) / 8 + 1;
    size_t needed = row + height * crop->bit_stride;
    if (needed > crop->memory_size) {
        memory_free(crop->memory);
        crop->memory_size = 0;
        crop->memory = memory_new(needed, 1, "crop", error);
        if (!crop->memory)
            return -1;
        crop->memory_size = needed;
    }
    crop->row = crop->memory;
    crop->bits = crop->row + row;
    memset(crop->bits, 0, height * crop->bit_stride);
    return 0;
}

static void fill_bits(const struct clip_crop *crop, const struct rle *rle)
{
    struct rle_strips strips = {.rle = rle};
    struct rle_strip strip;
    while (rle_strips_next(&strips, &strip)) {
        size_t x = strip.x - (size_t)crop->box.x0, y = strip.y - (size_t)crop->box.y0;
        uint8_t *bits = crop->bits + y * crop->bit_stride + x / 8;
        for (uint32_t i = 0; i < strip.length; i++, bits += crop->bit_stride)
            *bits |= (uint8_t)(1u << x % 8);
    }
}

/* The part of the row that the image has. */
static void copy_row(const struct clip_crop *crop, const uint8_t *from)
{
    int32_t left = crop->square.x, right = left + crop->square.width;
    int32_t begin = left > 0 ? left : 0;
    int32_t end = right < crop->image->width ? right : crop->image->width;
    memcpy(crop->row + 3 * (size_t)(begin - left), from + 3 * (size_t)begin,
           3 * (size_t)(end - begin));
}

/* The part of the row that the mask has. */
static void copy_mask(const struct clip_crop *crop, const uint8_t *from, const uint8_t *bits)
{
    int32_t left = crop->square.x;
    for (int32_t x = crop->box.x0; x <= crop->box.x1; x++) {
        size_t bit = (size_t)(x - crop->box.x0);
        if (bits[bit / 8] >> bit % 8 & 1)
            memcpy(crop->row + 3 * (size_t)(x - left), from + 3 * (size_t)x, 3);
    }
}

/* Row y of the square. */
static const uint8_t *make_row(void *context, int32_t y)
{
    const struct clip_crop *crop = context;
    const struct box *box = &crop->box;
    bool keep = crop->background == CLIP_BACKGROUND_KEEP;
    y += crop->square.y;
    if (keep ? y < 0 || y >= crop->image->height : y < box->y0 || y > box->y1)
        return NULL;
    const uint8_t *from = crop->image->rgb + 3 * (size_t)crop->image->width * (size_t)y;
    for (size_t i = 0; i < 3 * (size_t)crop->square.width; i++)
        crop->row[i] = mean_colour[i % 3];
    if (keep)
        copy_row(crop, from);
    else
        copy_mask(crop, from, crop->bits + (size_t)(y - box->y0) * crop->bit_stride);
    return crop->row;
}

static void normalise(const struct clip_crop *crop, float *to)
{
    size_t pixels = (size_t)crop->side * (size_t)crop->side;
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < pixels; i++)
            to[c * pixels + i] = crop->levels[c][crop->rgb[3 * i + c]];
}

int clip_crop_make(struct clip_crop *crop, const struct image *image, const struct mask *mask,
                   float *to, struct error *error)
{
    if (image->width > CLIP_CROP_LONGEST || image->height > CLIP_CROP_LONGEST)
        return error_set(error, ERROR_IMAGE,
                         "%d x %d pixels: CLIP's crops are of images of up to %d a side",
                         image->width, image->height, CLIP_CROP_LONGEST);
    crop->image = image;
    crop->box = rle_box(&mask->rle);
    crop->square = clip_crop_square(&crop->box);
    if (reserve(crop, error))
        return -1;
    fill_bits(crop, &mask->rle);
    struct resize_source source = {
        .width = crop->square.width,
        .height = crop->square.height,
        .row = make_row,
        .context = crop,
    };
    memcpy(source.fill, mean_colour, sizeof mean_colour);
    if (resize_rgb_made(crop->resize, &source, crop->side, crop->rgb, error))
        return -1;
    normalise(crop, to);
    return 0;
}
