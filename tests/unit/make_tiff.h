/* make_tiff.h - uncompressed little-endian TIFFs for tests, tag by tag. */
#ifndef TESTS_UNIT_MAKE_TIFF_H
#define TESTS_UNIT_MAKE_TIFF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    TIFF_HEAD = 512
}; /* bytes before the samples; values that do not fit into an entry stand at
                             256 to TIFF_HEAD - 1 */

/* A tag in ascending order; `count` values, of which all are `value`, or `value`, value + step, ...
 */
struct make_tiff_tag {
    uint16_t tag, type; /* type 3: SHORT, 4: LONG */
    uint32_t count, value, step;
};

static inline void make_tiff_put(uint8_t *to, int size, uint32_t value)
{
    for (int i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

/* Writes header, directory and samples; tags of type 0 are left out. Returns the size in bytes. */
static inline size_t make_tiff(const struct make_tiff_tag *tags, int count, const void *samples,
                               size_t size, uint8_t *bytes)
{
    uint32_t spare = 256;
    int used = 0;
    memset(bytes, 0, TIFF_HEAD);
    memcpy(bytes, "II*\0\x08\0\0\0", 8);
    for (int i = 0; i < count; i++) {
        uint8_t *entry = bytes + 10 + 12 * used;
        int width = tags[i].type == 3 ? 2 : 4;
        if (tags[i].type == 0)
            continue;
        used++;
        make_tiff_put(entry, 2, tags[i].tag);
        make_tiff_put(entry + 2, 2, tags[i].type);
        make_tiff_put(entry + 4, 4, tags[i].count);
        uint8_t *values = entry + 8;
        if (tags[i].count * (uint32_t)width > 4) {
            values = bytes + spare;
            make_tiff_put(entry + 8, 4, spare);
            spare += tags[i].count * (uint32_t)width;
        }
        for (uint32_t k = 0; k < tags[i].count; k++)
            make_tiff_put(values + k * (uint32_t)width, width, tags[i].value + k * tags[i].step);
    }
    make_tiff_put(bytes + 8, 2, (uint32_t)used);
    memcpy(bytes + TIFF_HEAD, samples, size);
    return TIFF_HEAD + size;
}

#endif
