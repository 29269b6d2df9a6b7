#include "text/charsets.h"

#include "text/code_points.h"

enum { SUBSTITUTE = 0x1a };

struct charset {
    bool sloppy;
    struct charset_letter {
        uint16_t point;
        uint8_t byte;
    } letters[128]; /* sorted by code point */
};

#include "text/charset_table.h"

bool charset_is_sloppy(enum charset_number charset)
{
    return charsets[charset].sloppy;
}

/* The byte of a character, or -1. */
static int encode(const struct charset *charset, uint32_t point)
{
    size_t low = 0, high = sizeof charset->letters / sizeof *charset->letters;
    if (charset->sloppy && point == CODE_POINT_REPLACEMENT)
        return SUBSTITUTE;
    if (point < 0x80)
        return charset->sloppy && point == SUBSTITUTE ? -1 : (int)point;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct charset_letter *letter = &charset->letters[middle];
        if (letter->point == point)
            return letter->byte;
        if (point < letter->point)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

bool charset_encode(enum charset_number charset, const uint32_t *points, size_t count,
                    unsigned char *bytes)
{
    for (size_t i = 0; i < count; i++) {
        int byte = encode(&charsets[charset], points[i]);
        if (byte < 0)
            return false;
        bytes[i] = (unsigned char)byte;
    }
    return true;
}

uint32_t charset_windows_1252(uint32_t byte)
{
    const struct charset *charset = &charsets[CHARSET_WINDOWS_1252];
    for (size_t i = 0; i < sizeof charset->letters / sizeof *charset->letters; i++)
        if (charset->letters[i].byte == byte)
            return charset->letters[i].point;
    return byte;
}
