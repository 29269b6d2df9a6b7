#include "base/plain_text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* The code point of a valid UTF-8 character of `size` bytes. */
static uint32_t code_point(const char *text, size_t size)
{
    static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07}; /* bits of the first byte */
    uint32_t code = (unsigned char)text[0] & first[size];
    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

/* Whether a terminal may act on the character instead of showing it. */
static bool acts(uint32_t code)
{
    static const uint32_t ranges[][2] = {{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
                                         {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

bool plain_is(const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        size_t size = utf8_character(text, length);
        if (size == 0 || acts(code_point(text, size)))
            return false;
        text += size;
        length -= size;
    }
    return true;
}

void plain_print(FILE *out, const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        size_t size = utf8_character(text, length);
        if (size == 0 || acts(code_point(text, size)))
            fputc('?', out);
        else
            fwrite(text, 1, size, out);
        size += size == 0;
        text += size;
        length -= size;
    }
}

void plain_line(FILE *out, const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    plain_print(out, length < 0 ? "no memory for a message" : text);
    fputc('\n', out);
    if (length >= 0)
        free(text);
}
