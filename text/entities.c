#include "text/entities.h"

#include <string.h>

#include "text/charsets.h"
#include "text/code_points.h"
#include "text/entity_table.h"

/* As strcmp, of code points with an entity's name. */
static int compare(const uint32_t *name, size_t length, const char *other)
{
    for (size_t i = 0; i < length; i++) {
        uint32_t letter = (unsigned char)other[i];
        if (letter == 0 || name[i] != letter)
            return name[i] < letter ? -1 : 1;
    }
    return other[length] ? -1 : 0;
}

const struct entity *entity_find(const uint32_t *name, size_t length)
{
    size_t low = 0, high = sizeof entities / sizeof *entities;
    if (length > ENTITY_NAME_MAX)
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(name, length, entities[middle].name);
        if (order == 0)
            return &entities[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* A control character, or one that never will be a character. */
static bool is_nothing(uint32_t number)
{
    return (number < 0x20 && number != '\t' && number != '\n' && number != '\f') ||
           number == 0x7f || (number >= 0xfdd0 && number <= 0xfdef) || (number & 0xfffe) == 0xfffe;
}

bool entity_number(uint32_t number, uint32_t *point)
{
    *point = number;
    if (number == 0 || (number >= 0xd800 && number <= 0xdfff) || number > CODE_POINT_MAX)
        *point = CODE_POINT_REPLACEMENT;
    else if (number >= 0x80 && number <= 0x9f)
        *point = charset_windows_1252(number);
    else if (number != '\r')
        return !is_nothing(number);
    return true;
}
