#include "text/unescape.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "text/code_points.h"
#include "text/entities.h"

/* HTML's rule looks at 32 letters of a name; ftfy's at 24. */
enum { NAME_MAX_HTML = 32, NAME_MAX_PLAIN = 24 };

static bool is_digit(uint32_t point)
{
    return point >= '0' && point <= '9';
}

static bool is_upper(uint32_t point)
{
    return point >= 'A' && point <= 'Z';
}

static bool is_lower(uint32_t point)
{
    return point >= 'a' && point <= 'z';
}

/* The value of a digit of base 10 or 16; `base` if it is none. */
static uint32_t digit_value(uint32_t point, uint32_t base)
{
    uint32_t letter = point | 0x20;
    if (is_digit(point))
        return point - '0';
    return base == 16 && letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : base;
}

static int add_entity(struct code_points *to, const struct entity *entity, struct error *error)
{
    const uint32_t points[] = {entity->first, entity->second};
    return code_points_add_all(to, points, entity->second ? 2 : 1, error);
}

/* Reads "&#233;", "&#xe9;", with or without the semicolon, at `points`. Returns its length and appends what it stands
 * for; 0 if there is none; or -1. */
static ptrdiff_t take_number(const uint32_t *points, size_t count, struct code_points *to,
                             struct error *error)
{
    size_t at = 2;
    uint32_t base = 10, number = 0, point;
    if (count < 3 || points[1] != '#')
        return 0;
    if ((points[2] | 0x20) == 'x') {
        base = 16;
        at++;
    }
    size_t first = at;
    for (; at < count && digit_value(points[at], base) < base; at++)
        if (number <= CODE_POINT_MAX)
            number = number * base + digit_value(points[at], base);
    if (at == first)
        return 0;
    if (at < count && points[at] == ';')
        at++;
    if (entity_number(number, &point) && code_points_add(to, point, error))
        return -1;
    return (ptrdiff_t)at;
}

/* Length of what may be a name, without "&" and ";". */
static size_t name_length(const uint32_t *points, size_t count)
{
    size_t length = 0;
    while (length < count && length < NAME_MAX_HTML && points[length] &&
           (points[length] > 0x7f || !strchr("\t\n\f <&#;", (int)points[length])))
        length++;
    return length;
}

/* The longest entity that `name` begins with and that needs no semicolon. *used is its length. */
static const struct entity *find_bare(const uint32_t *name, size_t length, size_t *used)
{
    for (*used = length; *used >= 2; --*used) {
        const struct entity *entity = entity_find(name, *used);
        if (entity && entity->bare)
            return entity;
    }
    return NULL;
}

/* As take_number, of "&eacute;" and the like. */
static ptrdiff_t take_name(const uint32_t *points, size_t count, struct code_points *to,
                           struct error *error)
{
    size_t length = name_length(points + 1, count - 1), used;
    bool closed = length + 1 < count && points[length + 1] == ';';
    const struct entity *entity = closed ? entity_find(points + 1, length) : NULL;
    if (entity)
        used = length + 1;
    else
        entity = find_bare(points + 1, length, &used);
    if (!entity)
        return 0;
    return add_entity(to, entity, error) ? -1 : (ptrdiff_t)used + 1;
}

int unescape_html(const uint32_t *points, size_t count, struct code_points *to, struct error *error)
{
    for (size_t at = 0; at < count;) {
        ptrdiff_t taken = 0;
        if (points[at] == '&')
            taken = take_number(points + at, count - at, to, error);
        if (taken == 0 && points[at] == '&')
            taken = take_name(points + at, count - at, to, error);
        if (taken < 0 || (taken == 0 && code_points_add(to, points[at], error)))
            return -1;
        at += taken ? (size_t)taken : 1;
    }
    return 0;
}

/* The capital of a character, which may be several. */
static int add_capital(struct code_points *to, uint32_t point, struct error *error)
{
    /* Those of the table whose capital is longer (Unicode's SpecialCasing.txt). */
    static const struct {
        uint32_t point;
        const char *capital;
    } longer[] = {{0xdf, "SS"},   {0x149, "\xca\xbcN"}, {0xfb00, "FF"}, {0xfb01, "FI"},
                  {0xfb02, "FL"}, {0xfb03, "FFI"},      {0xfb04, "FFL"}};
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
        if (longer[i].point == point)
            return code_points_add_utf8(to, longer[i].capital, strlen(longer[i].capital), error);
    return code_points_add(to, g_unichar_toupper(point), error);
}

/* Reads a name in capitals for an entity in small letters. HTML's own names come first. */
static ptrdiff_t take_capitals(const uint32_t *name, size_t length, struct code_points *to,
                               struct error *error)
{
    uint32_t small[NAME_MAX_PLAIN];
    size_t used;
    for (size_t i = 0; i < length; i++) {
        if (is_lower(name[i]))
            return 0;
        small[i] = is_upper(name[i]) ? name[i] + ('a' - 'A') : name[i];
    }
    const struct entity *entity = entity_find(small, length);
    if (!entity || find_bare(name, length, &used))
        return 0;
    if (add_capital(to, entity->first, error) ||
        (entity->second && add_capital(to, entity->second, error)))
        return -1;
    return (ptrdiff_t)length + 2;
}

/* Reads a whole reference at `points`. As take_number. */
static ptrdiff_t take_plain(const uint32_t *points, size_t count, struct code_points *to,
                            struct error *error)
{
    size_t sharp = count > 1 && points[1] == '#', at = 1 + sharp, length = 0;
    while (at + length < count && length < NAME_MAX_PLAIN &&
           (is_digit(points[at + length]) || is_upper(points[at + length]) ||
            is_lower(points[at + length])))
        length++;
    if (length == 0 || at + length == count || points[at + length] != ';')
        return 0;
    if (sharp) {
        size_t before = to->count;
        ptrdiff_t taken = take_number(points, at + length + 1, to, error);
        bool whole = taken == (ptrdiff_t)(at + length + 1);
        bool semicolon = to->count > before && to->points[to->count - 1] == ';';
        if (taken > 0 && (!whole || semicolon)) {
            to->count = before;
            return 0;
        }
        return taken;
    }
    const struct entity *entity = entity_find(points + at, length);
    if (entity)
        return add_entity(to, entity, error) ? -1 : (ptrdiff_t)length + 2;
    return take_capitals(points + at, length, to, error);
}

int unescape_plain(const uint32_t *points, size_t count, struct code_points *to,
                   struct error *error)
{
    for (size_t at = 0; at < count;) {
        ptrdiff_t taken = points[at] == '&' ? take_plain(points + at, count - at, to, error) : 0;
        if (taken < 0 || (taken == 0 && code_points_add(to, points[at], error)))
            return -1;
        at += taken ? (size_t)taken : 1;
    }
    return 0;
}
