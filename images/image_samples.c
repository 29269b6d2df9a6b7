#include "images/image_samples.h"

#include "images/image_source.h"

/* Bands that are colours; the rest is alpha or unknown. */
static int colour_bands(const struct image_source *source)
{
    int colours = source->colour == IMAGE_GRAY ? 1 : source->colour == IMAGE_RGB ? 3 : 4;
    return colours < source->pixels->Bands ? colours : source->pixels->Bands;
}

/* Widens *least and *greatest to `count` samples. */
static void widen(const uint16_t *from, size_t count, uint16_t *least, uint16_t *greatest)
{
    uint16_t low = *least, high = *greatest;
    for (size_t i = 0; i < count; i++) {
        low = from[i] < low ? from[i] : low;
        high = from[i] > high ? from[i] : high;
    }
    *least = low;
    *greatest = high;
}

void image_samples_note(struct image_source *source, const uint16_t *from)
{
    struct image_notes *notes = &source->notes;
    int bands = source->pixels->Bands, colours = colour_bands(source);
    int32_t width = source->pixels->Xsize;
    if (!notes->deep)
        notes->least = UINT16_MAX;
    notes->deep = true;
    if (colours == bands) {
        widen(from, (size_t)width * bands, &notes->least, &notes->greatest);
        return;
    }
    for (int32_t x = 0; x < width; x++, from += bands)
        widen(from, (size_t)colours, &notes->least, &notes->greatest);
}

static void keep_upper_bits(const uint16_t *from, size_t count, bool rounded, uint8_t *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)(rounded ? (from[i] + 128) / 257 : from[i] >> 8);
}

void image_samples_convert(const struct image_source *source, const uint16_t *from, uint8_t *to)
{
    int32_t width = source->pixels->Xsize;
    int bands = source->pixels->Bands, colours = colour_bands(source);
    unsigned least = source->notes.least, span = source->notes.greatest - least;
    keep_upper_bits(from, (size_t)width * bands, source->rounded, to);
    if (source->depth != IMAGE_MINMAX || span == 0)
        return;
    for (int32_t x = 0; x < width; x++, from += bands, to += bands)
        for (int c = 0; c < colours; c++)
            to[c] = (uint8_t)(((from[c] - least) * 255 + span / 2) / span);
}
