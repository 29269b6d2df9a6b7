#include "text/code_points.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

int code_points_add(struct code_points *text, uint32_t point, struct error *error)
{
    return code_points_add_all(text, &point, 1, error);
}

int code_points_add_all(struct code_points *text, const uint32_t *points, size_t count,
                        struct error *error)
{
    if (count > SIZE_MAX - text->count)
        return error_set(error, ERROR_MEMORY, "no memory for a text");
    if (memory_grow((void **)&text->points, &text->capacity, text->count + count,
                    sizeof *text->points, error))
        return -1;
    if (count > 0)
        memcpy(text->points + text->count, points, count * sizeof *points);
    text->count += count;
    return 0;
}

/* The code point of a valid sequence of `size` bytes. */
static uint32_t decode(const char *bytes, size_t size)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = (unsigned char)bytes[0] & first_bits[size];
    for (size_t i = 1; i < size; i++)
        point = point << 6 | ((unsigned char)bytes[i] & 0x3f);
    return point;
}

int code_points_add_utf8(struct code_points *text, const char *bytes, size_t length,
                         struct error *error)
{
    for (size_t at = 0; at < length;) {
        size_t size = utf8_character(bytes + at, length - at);
        uint32_t point = size ? decode(bytes + at, size) : CODE_POINT_REPLACEMENT;
        if (code_points_add(text, point, error))
            return -1;
        at += size ? size : 1;
    }
    return 0;
}

size_t code_point_utf8(uint32_t point, char bytes[4])
{
    size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size - 1; i > 0; i--, point >>= 6)
        bytes[i] = (char)(0x80 | (point & 0x3f));
    bytes[0] = (char)(marks[size] | point);
    return size;
}

char *code_points_utf8(const struct code_points *text, struct error *error)
{
    char *bytes = text->count < SIZE_MAX / 4 ? malloc(text->count * 4 + 1) : NULL;
    if (!bytes) {
        error_set(error, ERROR_MEMORY, "no memory for a text");
        return NULL;
    }
    size_t used = 0;
    for (size_t i = 0; i < text->count; i++)
        used += code_point_utf8(text->points[i], bytes + used);
    bytes[used] = '\0';
    return bytes;
}

void code_points_free(struct code_points *text)
{
    free(text->points);
    *text = (struct code_points){0};
}
