#include "base/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

void json_text_bytes(struct json_text *text, const void *bytes, size_t size)
{
    struct error ignored = {0};
    size_t needed;
    if (text->no_memory)
        return;
    if (__builtin_add_overflow(text->used, size, &needed) ||
        memory_grow((void **)&text->bytes, &text->capacity, needed, 1, &ignored)) {
        text->no_memory = true;
        return;
    }
    if (size)
        memcpy(text->bytes + text->used, bytes, size);
    text->used = needed;
}

void json_text_raw(struct json_text *text, const char *raw)
{
    json_text_bytes(text, raw, strlen(raw));
}

void json_text_integer(struct json_text *text, int64_t number)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--at = '-';
    json_text_bytes(text, at, (size_t)(digits + sizeof digits - at));
}

void json_text_double(struct json_text *text, double number)
{
    char digits[40];
    if (!isfinite(number)) {
        text->not_finite = true;
        return;
    }
    int length = 0;
    for (int precision = 15; precision <= 17; precision++) {
        length = snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (strtod(digits, NULL) == number)
            break;
    }
    /* printf writes the locale's decimal separator; JSON knows only the point. */
    bool whole = true;
    for (int i = 0; i < length; i++) {
        if (digits[i] == 'e' || digits[i] == '.')
            whole = false;
        else if (digits[i] != '-' && digits[i] != '+' && (digits[i] < '0' || digits[i] > '9'))
            digits[i] = '.', whole = false;
    }
    json_text_bytes(text, digits, (size_t)length);
    if (whole)
        json_text_raw(text, ".0");
}

/* The character of a valid UTF-8 sequence of 1 to 4 bytes. */
static uint32_t decode(const char *string, size_t length)
{
    uint32_t value = (unsigned char)string[0] & (length == 1 ? 0x7Fu : 0x7Fu >> length);
    for (size_t i = 1; i < length; i++)
        value = value << 6 | ((unsigned char)string[i] & 0x3Fu);
    return value;
}

static void append_character(struct json_text *text, uint32_t character)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letter[] = "\"\\bfnrt";
    char escape[16];
    const char *found = character && character < 128 ? strchr(plain, (int)character) : NULL;
    if (found)
        snprintf(escape, sizeof escape, "\\%c", letter[found - plain]);
    else if (character >= 0x20 && character < 0x7F)
        snprintf(escape, sizeof escape, "%c", (int)character);
    else if (character < 0x10000)
        snprintf(escape, sizeof escape, "\\u%04x", character);
    else
        snprintf(escape, sizeof escape, "\\u%04x\\u%04x", 0xD800 + ((character - 0x10000) >> 10),
                 0xDC00 + ((character - 0x10000) & 0x3FF));
    json_text_raw(text, escape);
}

/* How many bytes at the start need no escape. */
static size_t plain_span(const char *string, size_t size)
{
    size_t span = 0;
    while (span < size && string[span] >= 0x20 && string[span] < 0x7F && string[span] != '"' &&
           string[span] != '\\')
        span++;
    return span;
}

void json_text_string(struct json_text *text, const char *string, size_t size)
{
    json_text_raw(text, "\"");
    for (size_t at = 0; at < size;) {
        size_t span = plain_span(string + at, size - at);
        json_text_bytes(text, string + at, span);
        at += span;
        if (at == size)
            break;
        size_t step = utf8_character(string + at, size - at);
        append_character(text, step ? decode(string + at, step) : 0xFFFD);
        at += step ? step : 1;
    }
    json_text_raw(text, "\"");
}

void json_text_hexadecimal(struct json_text *text, const void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = bytes;
    json_text_raw(text, "\"");
    for (size_t i = 0; i < size; i++) {
        json_text_bytes(text, &digits[at[i] >> 4], 1);
        json_text_bytes(text, &digits[at[i] & 15], 1);
    }
    json_text_raw(text, "\"");
}

char *json_text_take(struct json_text *text, size_t *length, struct error *error)
{
    size_t used = text->used;
    json_text_bytes(text, "", 1);
    if (text->no_memory || text->not_finite) {
        if (text->no_memory)
            error_set(error, ERROR_MEMORY, "no memory for a JSON text of %zu bytes", used);
        else
            error_set(error, ERROR_RECORD, "a number is not finite, which JSON cannot express");
        json_text_free(text);
        return NULL;
    }
    char *bytes = text->bytes;
    *text = (struct json_text){0};
    if (length)
        *length = used;
    return bytes;
}

void json_text_free(struct json_text *text)
{
    free(text->bytes);
    *text = (struct json_text){0};
}
