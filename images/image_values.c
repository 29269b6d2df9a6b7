#include "images/image_values.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "images/image_png.h"
#include "images/image_source.h"

/* The header is the first chunk: its offsets from the start of the file. */
enum { HEADER = 8, BIT_DEPTH = 24, COLOUR = 25, HEADER_BYTES = 13 };
enum { COLOUR_GRAY = 0, COLOUR_PALETTE = 3 };

/* Whatever goes with a palette has less: 256 colours of 3 bytes. */
enum { CHUNK_MAX = 1024 };

/* A chunk: length, kind, data, CRC-32. */
struct chunk {
    uint64_t position; /* of its kind */
    uint32_t length;   /* of the data */
    uint8_t bytes[4 + CHUNK_MAX + 4];
};

/* Reads the chunk at `position`; its CRC must be right. */
static bool read_chunk(VipsSource *file, uint64_t position, struct chunk *chunk)
{
    uint8_t length[4];
    if (!image_bytes_at(file, position, length, sizeof length))
        return false;
    chunk->position = position + 4;
    chunk->length = image_png_number(length);
    return chunk->length <= CHUNK_MAX &&
           image_bytes_at(file, chunk->position, chunk->bytes, 4 + (size_t)chunk->length + 4) &&
           image_png_crc(chunk->bytes, 4 + (size_t)chunk->length) ==
               image_png_number(chunk->bytes + 4 + chunk->length);
}

static void patch_crc(struct image_patched *patched, const struct chunk *chunk)
{
    image_patch_number(patched, chunk->position + 4 + chunk->length, 4,
                       image_png_crc(chunk->bytes, 4 + (size_t)chunk->length), true);
}

/* Gives the chunk a name that no decoder knows: the small first letter says that it may be passed over,
 * the small second one that it is private. */
static void hide(struct image_patched *patched, struct chunk *chunk)
{
    memcpy(chunk->bytes, "maSk", 4);
    image_patch_add(patched, chunk->position, 'm', 'a');
    image_patch_add(patched, chunk->position + 2, 'S', 'k');
    patch_crc(patched, chunk);
}

/* What a gray PNG must not have, or has in another form. */
static const char palette_kinds[][5] = {"PLTE", "tRNS", "bKGD", "hIST", "sBIT"};
enum { PALETTE_KINDS = sizeof palette_kinds / sizeof *palette_kinds };

/* Hides the first chunk of each of these kinds before the pixels; a second one is damage, and the
 * decoder's matter. */
static void hide_palette(struct image_source *source, VipsSource *file)
{
    struct chunk chunk;
    bool hidden[PALETTE_KINDS] = {false};
    uint8_t head[8];
    for (uint64_t position = HEADER; image_bytes_at(file, position, head, sizeof head);) {
        if (memcmp(head + 4, "IDAT", 4) == 0)
            return;
        for (int k = 0; k < PALETTE_KINDS; k++)
            if (!hidden[k] && memcmp(head + 4, palette_kinds[k], 4) == 0 &&
                read_chunk(file, position, &chunk)) {
                hidden[k] = true;
                hide(&source->patched, &chunk);
            }
        position += 12 + (uint64_t)image_png_number(head);
    }
}

int image_values_prepare(struct image_source *source, struct error *error)
{
    struct chunk header;
    source->values_step = 1;
    if (source->format->kind != IMAGE_PNG)
        return error_set(error, ERROR_IMAGE, "%s: label maps are PNG files, and this is %s",
                         source->name, source->format->name);
    if (!read_chunk(source->bytes, HEADER, &header) || header.length != HEADER_BYTES)
        return 0; /* damaged: libvips says so */
    unsigned depth = header.bytes[BIT_DEPTH - HEADER - 4];
    uint8_t *colour = &header.bytes[COLOUR - HEADER - 4];
    if (depth == 1 || depth == 2 || depth == 4) /* decoders spread them over 0 to 255 */
        source->values_step = UINT8_MAX / ((1 << depth) - 1);
    if (*colour != COLOUR_PALETTE)
        return 0;
    *colour = COLOUR_GRAY;
    image_patch_add(&source->patched, COLOUR, *colour, colour[1]);
    patch_crc(&source->patched, &header);
    hide_palette(source, source->bytes);
    return 0;
}

int image_values_check(const struct image_source *source, struct error *error)
{
    if (source->colour == IMAGE_GRAY || source->pixels->BandFmt != VIPS_FORMAT_USHORT)
        return 0;
    return error_set(error, ERROR_IMAGE,
                     "%s: a label map has gray of 8 or 16 bits, a palette, or colours of 8 bits; "
                     "this has colours of 16 bits",
                     source->name);
}

void image_values_row(const struct image_source *source, int32_t y, uint8_t *rgb)
{
    const VipsImage *pixels = source->pixels;
    const void *row = VIPS_REGION_ADDR(source->region, 0, y);
    const bool deep = pixels->BandFmt == VIPS_FORMAT_USHORT;
    for (int32_t x = 0; x < pixels->Xsize; x++, rgb += 3) {
        const size_t at = (size_t)x * (size_t)pixels->Bands;
        const uint8_t *sample = (const uint8_t *)row + at;
        const unsigned gray = deep ? ((const uint16_t *)row)[at] : *sample / source->values_step;
        if (source->colour == IMAGE_GRAY) {
            rgb[0] = (uint8_t)(gray & UINT8_MAX);
            rgb[1] = (uint8_t)(gray >> 8);
            rgb[2] = 0;
        } else {
            memcpy(rgb, sample, 3);
        }
    }
}
