#include "pictures/svg_words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json_text.h"
#include "base/utf8.h"

/* Whether XML 1.0 allows a character of `length` bytes. */
static bool is_allowed(const char *character, size_t length)
{
    if (length == 1) {
        unsigned char byte = (unsigned char)*character;
        return (byte >= 0x20 && byte != 0x7F) || byte == '\t' || byte == '\n';
    }
    return length > 0 && memcmp(character, "\xEF\xBF\xBE", length < 3 ? length : 3) != 0 &&
           memcmp(character, "\xEF\xBF\xBF", length < 3 ? length : 3) != 0;
}

static const char *escape(char character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void svg_words_text(struct json_text *to, const char *text)
{
    while (*text) {
        size_t length = utf8_character(text, strlen(text));
        if (!is_allowed(text, length))
            json_text_raw(to, "\xEF\xBF\xBD");
        else if (escape(*text))
            json_text_raw(to, escape(*text));
        else
            json_text_bytes(to, text, length);
        text += length ? length : 1;
    }
}

void svg_words_path(struct json_text *to, const char *path)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    for (; *path; path++) {
        char escaped[4];
        if (strchr(plain, *path)) {
            json_text_bytes(to, path, 1);
            continue;
        }
        snprintf(escaped, sizeof escaped, "%%%02X", (unsigned)(unsigned char)*path);
        json_text_raw(to, escaped);
    }
}

void svg_words_base64(struct json_text *to, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? bytes[i + 2] : 0;
        const char text[4] = {digits[group >> 18], digits[group >> 12 & 63],
                              left > 1 ? digits[group >> 6 & 63] : '=',
                              left > 2 ? digits[group & 63] : '='};
        json_text_bytes(to, text, sizeof text);
    }
}
