/* bitmap.c - run lengths to and from row-major bitmaps. */
#include <string.h>

#include "rle/rle.h"
#include "rle/strips.h"

int rle_from_bitmap(struct rle *rle, const uint8_t *bits, uint32_t height, uint32_t width,
                    size_t stride, struct error *error)
{
    rle_begin(rle, height, width);
    for (uint32_t x = 0; x < width; x++) {
        uint32_t y = 0;
        while (y < height) {
            while (y < height && !bits[y * stride + x])
                y++;
            uint32_t start = y;
            while (y < height && bits[y * stride + x])
                y++;
            if (y > start && rle_add(rle, x * height + start, x * height + y, error))
                return -1;
        }
    }
    return rle_end(rle, error);
}

void rle_to_bitmap(const struct rle *rle, uint8_t *bits, size_t stride)
{
    struct rle_strips strips = {.rle = rle};
    struct rle_strip strip;
    for (uint32_t y = 0; y < rle->height; y++)
        memset(bits + y * stride, 0, rle->width);
    while (rle_strips_next(&strips, &strip))
        for (uint32_t y = strip.y; y < strip.y + strip.length; y++)
            bits[y * stride + strip.x] = 1;
}
