/* charsets.h - charsets of one byte a character, as which UTF-8 is read by mistake.
 *
 * Bytes below 0x80 are ASCII. In those of Windows, bytes that stand for nothing stand for the control of the same
 * number, as browsers have it; and byte 0x1a, which no text needs, for U+FFFD (ftfy's "sloppy" codecs). */
#ifndef TEXT_CHARSETS_H
#define TEXT_CHARSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order in which a repair tries them. */
enum charset_number {
    CHARSET_LATIN_1,
    CHARSET_WINDOWS_1252,
    CHARSET_WINDOWS_1251,
    CHARSET_WINDOWS_1250,
    CHARSET_WINDOWS_1253,
    CHARSET_WINDOWS_1254,
    CHARSET_WINDOWS_1257,
    CHARSET_ISO_8859_2,
    CHARSET_MACROMAN,
    CHARSET_CP437,
    CHARSETS
};

/* Whether U+FFFD is in it. */
bool charset_is_sloppy(enum charset_number charset);

/* points[count] -> bytes[count]. Returns false if one is not in the charset. */
bool charset_encode(enum charset_number charset, const uint32_t *points, size_t count,
                    unsigned char *bytes);

/* What Windows-1252 has for a byte of 0x80 to 0xff; the same number if that is nothing. */
uint32_t charset_windows_1252(uint32_t byte);

#endif
