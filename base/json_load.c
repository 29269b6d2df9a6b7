#include "base/json_load.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What Jansson 2.13 takes on a machine of 64 bits, with malloc's own bytes, rounded up. */
enum { OBJECT = 320, ARRAY = 144, ELEMENT = 64, STRING = 64, MOST_A_BYTE = 128 };

/* A string's second quote, or the last byte of the text. `at` is behind the first one. */
static const char *string_end(const char *at, const char *end)
{
    while (at < end && *at != '"')
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    return at < end ? at : end - 1;
}

/* An upper bound of the memory that the text becomes, whether it is valid or not. */
static uint64_t memory_of(const char *text, size_t length)
{
    const char *end = text + length;
    uint64_t bytes = 0;
    for (const char *at = text; at < end; at++) {
        const char *quote;
        switch (*at) {
        case '{':
            bytes += OBJECT;
            break;
        case '[':
            bytes += ARRAY;
            break;
        case ',':
        case ':':
            bytes += ELEMENT;
            break;
        case '"':
            quote = at;
            at = string_end(at + 1, end);
            bytes += STRING + (uint64_t)(at - quote);
            break;
        default:
            break;
        }
    }
    return bytes;
}

json_t *json_load_bounded(const char *text, size_t length, size_t flags, json_error_t *reason)
{
    /* Texts of ordinary size are not read twice. */
    if (length <= JSON_MEMORY_MAX / MOST_A_BYTE || memory_of(text, length) <= JSON_MEMORY_MAX)
        return json_loadb(text, length, flags, reason);
    if (reason) {
        *reason = (json_error_t){.line = 1};
        snprintf(reason->text, sizeof reason->text,
                 "too many values: they would take more than %d MiB of memory",
                 JSON_MEMORY_MAX >> 20);
    }
    return NULL;
}
