#include "base/utf8.h"

#include <stdint.h>

static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t utf8_character(const char *text, size_t length)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80)
        return 1;
    /* The second byte's range is narrower after these first bytes (RFC 3629, section 4). */
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t size;
    if (byte[0] >= 0xc2 && byte[0] <= 0xdf) {
        size = 2;
    } else if ((byte[0] & 0xf0) == 0xe0) {
        size = 3;
        if (byte[0] == 0xe0)
            low = 0xa0;
        if (byte[0] == 0xed)
            high = 0x9f;
    } else if (byte[0] >= 0xf0 && byte[0] <= 0xf4) {
        size = 4;
        if (byte[0] == 0xf0)
            low = 0x90;
        if (byte[0] == 0xf4)
            high = 0x8f;
    } else {
        return 0;
    }
    if (size > length || byte[1] < low || byte[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if (!continues(byte[i]))
            return 0;
    return size;
}

bool utf8_valid(const char *text, size_t length)
{
    while (length > 0) {
        size_t size = utf8_character(text, length);
        if (size == 0)
            return false;
        text += size;
        length -= size;
    }
    return true;
}
