/* Stored rows to upright RGB: decode a strip, take 16 bits to 8, combine bands, turn. */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image_fail.h"
#include "images/image_samples.h"
#include "images/image_source.h"
#include "images/image_values.h"

/* Rows decoded at a time: enough to amortise the calls, few enough to stay in cache. */
enum { STRIP_ROWS = 32 };

/* One row of 8-bit samples to RGB. Extra bands are dropped, except as `source` says. */
static void samples_to_rgb(const struct image_source *source, const uint8_t *from, uint8_t *rgb)
{
    enum image_colour colour = source->colour;
    int bands = source->pixels->Bands;
    for (int32_t x = 0; x < source->pixels->Xsize; x++, from += bands, rgb += 3) {
        for (int c = 0; c < 3; c++) {
            int sample = from[colour == IMAGE_GRAY ? 0 : c];
            if (colour == IMAGE_CMYK_JPEG)
                sample = (255 - from[3]) - (sample * (255 - from[3]) >> 8);
            else if (colour == IMAGE_CMYK_TIFF)
                sample = (255 - from[3]) * (255 - sample) / 255;
            else if (source->blend)
                sample = (sample * from[3] + 127) / 255;
            else if (source->has_paper && from[3] == 0)
                sample = source->paper[c];
            rgb[c] = (uint8_t)sample;
        }
    }
}

static const uint16_t *deep_row(const struct image_source *source, int32_t y)
{
    return (const uint16_t *)(const void *)VIPS_REGION_ADDR(source->region, 0, y);
}

/* Converts row y of source->region; `bytes` has room for its samples in 8 bits. */
static void convert_row(struct image_source *source, int32_t y, uint8_t *bytes, uint8_t *rgb)
{
    const VipsImage *pixels = source->pixels;
    const uint8_t *samples = bytes;
    if (source->depth == IMAGE_VALUES) {
        image_values_row(source, y, rgb);
        return;
    }
    if (pixels->BandFmt == VIPS_FORMAT_USHORT) {
        if (!source->measured)
            image_samples_note(source, deep_row(source, y));
        image_samples_convert(source, deep_row(source, y), bytes);
    } else {
        samples = VIPS_REGION_ADDR(source->region, 0, y);
    }
    if (source->colour == IMAGE_RGB && pixels->Bands == 3)
        memcpy(rgb, samples, (size_t)pixels->Xsize * 3);
    else
        samples_to_rgb(source, samples, rgb);
}

/* Decodes rows y .. y + *count - 1 into source->region; *count becomes STRIP_ROWS if it is more. */
static int decode_strip(struct image_source *source, int32_t y, int32_t *count, struct error *error)
{
    *count = *count < STRIP_ROWS ? *count : STRIP_ROWS;
    VipsRect strip = {0, y, source->pixels->Xsize, *count};
    if (!source->region)
        source->region = vips_region_new(source->pixels);
    if (!source->region)
        return error_set(error, ERROR_MEMORY, "%s: no memory to decode it", source->name);
    if (vips_region_prepare(source->region, &strip))
        return image_fail_rows(source, y, y + *count - 1, error);
    return 0;
}

/* Finds the least and the greatest sample of the whole image, and begins at the first row again. */
static int measure(struct image_source *source, struct error *error)
{
    int32_t height = source->pixels->Ysize, count;
    for (int32_t y = 0; y < height; y += count) {
        count = height - y;
        if (decode_strip(source, y, &count, error))
            return -1;
        for (int32_t i = y; i < y + count; i++)
            image_samples_note(source, deep_row(source, i));
    }
    source->measured = true;
    return image_source_load(source, error);
}

static int decode_strips(struct image_source *source, int32_t y, int32_t rows, uint8_t *bytes,
                         uint8_t *rgb, struct error *error)
{
    bool deep = source->pixels->BandFmt == VIPS_FORMAT_USHORT;
    if (deep && source->depth == IMAGE_MINMAX && !source->measured && measure(source, error))
        return -1;
    for (int32_t end = y + rows; y < end;) {
        int32_t count = end - y;
        if (decode_strip(source, y, &count, error))
            return -1;
        for (; count > 0; count--, y++, rgb += (size_t)source->pixels->Xsize * 3)
            convert_row(source, y, bytes, rgb);
    }
    return 0;
}

int image_source_rows(struct image_source *source, int32_t y, int32_t rows, uint8_t *rgb,
                      struct error *error)
{
    size_t samples = (size_t)source->pixels->Xsize * source->pixels->Bands;
    uint8_t *bytes = memory_new(samples, 1, source->name, error);
    if (!bytes)
        return -1;
    int status = decode_strips(source, y, rows, bytes, rgb, error);
    memory_free(bytes);
    if (status && source->from_file)
        image_file_check(&source->file, source->name, error);
    return status;
}

/* Where a stored pixel (x, y) goes in the upright image: origin + x * across + y * down, in pixels
 * from the upper left corner. */
struct turn {
    ptrdiff_t origin, across, down;
};

static struct turn find_turn(int orientation, ptrdiff_t width, ptrdiff_t height)
{
    ptrdiff_t right = width - 1, below = (height - 1) * width;
    switch (orientation) { /* EXIF 2.3, tag 0x0112: where row 0 and column 0 are seen */
    case 2:                /* top, right */
        return (struct turn){right, -1, width};
    case 3: /* bottom, right */
        return (struct turn){below + right, -1, -width};
    case 4: /* bottom, left */
        return (struct turn){below, 1, -width};
    case 5: /* left, top */
        return (struct turn){0, width, 1};
    case 6: /* right, top */
        return (struct turn){right, width, -1};
    case 7: /* right, bottom */
        return (struct turn){below + right, -width, -1};
    case 8: /* left, bottom */
        return (struct turn){below, -width, 1};
    default:
        return (struct turn){0, 1, width};
    }
}

/* Copies stored rows y .. y + rows - 1 to their places in the upright image. */
static void place_rows(const struct turn *turn, const uint8_t *from, int32_t width, int32_t y,
                       int32_t rows, uint8_t *rgb)
{
    for (int32_t x = 0; x < width; x++)
        for (int32_t i = 0; i < rows; i++) {
            ptrdiff_t place = turn->origin + x * turn->across + (y + i) * turn->down;
            memcpy(rgb + 3 * place, from + 3 * ((size_t)i * width + x), 3);
        }
}

int image_source_all(struct image_source *source, uint8_t *rgb, struct error *error)
{
    int32_t width = source->pixels->Xsize, height = source->pixels->Ysize;
    if (source->orientation <= 1)
        return image_source_rows(source, 0, height, rgb, error);
    struct turn turn = find_turn(source->orientation, source->header.width, source->header.height);
    uint8_t *strip = memory_new(STRIP_ROWS, (size_t)width * 3, source->name, error);
    if (!strip)
        return -1;
    int status = 0;
    for (int32_t y = 0; y < height && status == 0; y += STRIP_ROWS) {
        int32_t rows = height - y < STRIP_ROWS ? height - y : STRIP_ROWS;
        status = image_source_rows(source, y, rows, strip, error);
        if (status == 0)
            place_rows(&turn, strip, width, y, rows, rgb);
    }
    memory_free(strip);
    return status;
}
