#include "pictures/svg_words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
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
        size_t length = utf8_character(text, strnlen(text, 4));
        if (!is_allowed(text, length))
            json_text_raw(to, "\xEF\xBF\xBD");
        else if (escape(*text))
            json_text_raw(to, escape(*text));
        else
            json_text_bytes(to, text, length);
        text += length ? length : 1;
    }
}

void svg_words_base64(struct json_text *to, const uint8_t *bytes, size_t size)
{
    enum { PIECE = 3 * 1024 }; /* whole groups of three, so that only the last is padded */
    for (size_t i = 0; i < size; i += PIECE) {
        char text[PIECE / 3 * 4];
        size_t piece = size - i < PIECE ? size - i : PIECE;
        base64_encode(text, bytes + i, piece);
        json_text_bytes(to, text, base64_length(piece));
    }
}
