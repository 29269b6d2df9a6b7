#include "text/loose_utf8.h"

#include <stdint.h>

#include "base/utf8.h"
#include "text/code_points.h"

static bool within(unsigned char byte, unsigned char first, unsigned char last)
{
    return byte >= first && byte <= last;
}

/* Whether byte `at` can be the last one of a character. */
static bool ends(const unsigned char *bytes, size_t count, size_t at)
{
    return within(bytes[at], 0x80, 0xbf) || (bytes[at] == '\n' && at + 1 == count);
}

/* The length of a character of a variant at `bytes`, which is *point; 0 if there is none. */
static size_t take_variant(const unsigned char *bytes, size_t count, uint32_t *point)
{
    if (count >= 2 && bytes[0] == 0xc0 && (bytes[1] == 0x80 || (bytes[1] == '\n' && count == 2))) {
        *point = 0;
        return 2;
    }
    if (count < 6 || bytes[0] != 0xed || !within(bytes[1], 0xa0, 0xaf) ||
        !within(bytes[2], 0x80, 0xbf) || bytes[3] != 0xed || !within(bytes[4], 0xb0, 0xbf) ||
        !ends(bytes, count, 5))
        return 0;
    *point = 0x10000 + ((uint32_t)(bytes[1] & 0x0f) << 16 | (uint32_t)(bytes[2] & 0x3f) << 10 |
                        (uint32_t)(bytes[4] & 0x0f) << 6 | (bytes[5] & 0x3f));
    return 6;
}

int loose_utf8(const unsigned char *bytes, size_t count, bool loose, struct code_points *to,
               struct error *error)
{
    for (size_t at = 0; at < count;) {
        uint32_t point;
        size_t size = loose ? take_variant(bytes + at, count - at, &point) : 0;
        if (size > 0) {
            if (code_points_add(to, point, error))
                return -1;
            at += size;
            continue;
        }
        size = utf8_character((const char *)bytes + at, count - at);
        if (size == 0)
            return 0;
        if (code_points_add_utf8(to, (const char *)bytes + at, size, error))
            return -1;
        at += size;
    }
    return 1;
}
