#include "text/mojibake.h"

#include <string.h>
#include <uchar.h>

#include "text/unicode.h"

/* Classes of characters; a character may be in several. */
enum {
    COMMON = 1 << 0, /* in many contexts */
    C1 = 1 << 1,     /* controls, of no use elsewhere */
    BAD = 1 << 2,    /* hardly ever outside mojibake */
    LAW = 1 << 3,
    CURRENCY = 1 << 4,
    START_PUNCTUATION = 1 << 5,
    END_PUNCTUATION = 1 << 6,
    NUMERIC = 1 << 7,
    KAOMOJI = 1 << 8, /* letters of which faces are made */
    UPPER_ACCENTED = 1 << 9,
    LOWER_ACCENTED = 1 << 10,
    UPPER_COMMON = 1 << 11,
    LOWER_COMMON = 1 << 12,
    BOX = 1 << 13,
    /* What bytes of UTF-8 are in charsets: the first of 2, 3 or 4; one that follows; one that follows and is no
     * space, dash or quotation mark. */
    UTF8_FIRST_OF_2 = 1 << 14,
    UTF8_FIRST_OF_3 = 1 << 15,
    UTF8_FIRST_OF_4 = 1 << 16,
    UTF8_CONTINUATION = 1 << 17,
    UTF8_CONTINUATION_STRICT = 1 << 18,
    /* These are not in the table. */
    SMALL = 1 << 19,   /* a to z */
    CAPITAL = 1 << 20, /* A to Z */
    OTHER = 1 << 21,   /* neither */
    SPACE = 1 << 22,
    WORD = 1 << 23, /* letters, numbers and "_" */
    WITHIN_LINE = 1 << 24,
    LATIN = SMALL | CAPITAL,
    ACCENTED = UPPER_ACCENTED | LOWER_ACCENTED,
    PUNCTUATION = START_PUNCTUATION | END_PUNCTUATION
};

struct mojibake_range {
    uint16_t first, last;
    uint32_t classes;
};

#include "text/mojibake_table.h"

enum { STEPS_MAX = 7 };

/* What one character of a sign may be. A step without both ends the sign. */
struct step {
    uint32_t classes;
    const char32_t *others;
};

/* The signs, in ftfy's order. */
static const struct step signs[][STEPS_MAX] = {
    {{C1, NULL}},
    {{BAD | ACCENTED | BOX | PUNCTUATION | CURRENCY | NUMERIC | LAW, NULL}, {BAD, NULL}},
    {{LATIN, NULL}, {LOWER_COMMON | UPPER_COMMON, NULL}, {BAD, NULL}},
    {{BAD, NULL}, {ACCENTED | BOX | PUNCTUATION | CURRENCY | NUMERIC | LAW, NULL}},
    {{LOWER_ACCENTED | LOWER_COMMON | BOX | END_PUNCTUATION | CURRENCY | NUMERIC, NULL},
     {UPPER_ACCENTED, NULL}},
    {{BOX | END_PUNCTUATION | CURRENCY | NUMERIC, NULL}, {LOWER_ACCENTED, NULL}},
    {{LOWER_ACCENTED | BOX | END_PUNCTUATION, NULL}, {CURRENCY, NULL}},
    {{SPACE, NULL}, {UPPER_ACCENTED, NULL}, {CURRENCY, NULL}},
    {{UPPER_ACCENTED | BOX, NULL}, {NUMERIC | LAW, NULL}},
    {{ACCENTED | BOX | CURRENCY | END_PUNCTUATION, NULL},
     {START_PUNCTUATION, NULL},
     {NUMERIC, NULL}},
    {{ACCENTED | CURRENCY | NUMERIC | BOX | LAW, NULL},
     {END_PUNCTUATION, NULL},
     {START_PUNCTUATION, NULL}},
    {{CURRENCY | NUMERIC | BOX, NULL}, {START_PUNCTUATION, NULL}},
    {{SMALL, NULL}, {UPPER_ACCENTED, NULL}, {START_PUNCTUATION | CURRENCY, NULL}},
    {{BOX, NULL}, {KAOMOJI, NULL}},
    {{ACCENTED | CURRENCY | NUMERIC | PUNCTUATION | LAW, NULL}, {BOX, NULL}},
    {{BOX, NULL}, {END_PUNCTUATION, NULL}},
    {{ACCENTED, NULL}, {PUNCTUATION, NULL}, {WORD, NULL}},
    /* The ligature oe, but before a Latin letter. */
    {{0, U"\x152\x153"}, {OTHER, NULL}},
    /* A degree sign behind a capital. */
    {{UPPER_ACCENTED, NULL}, {0, U"\xb0"}},
    /* Windows-1252: pairs that begin with A, A, I and Eth. */
    {{0, U"\xc2\xc3\xce\xd0"},
     {PUNCTUATION,
      U"\x20ac\x153\x160\x161\xa2\xa3\x178\x17e\xa0\xad\xae\xa9\xb0\xb7\xbb\x2013\x2014\xb4"}},
    {{0, U"\xd7"}, {0, U"\xb2\xb3"}},
    /* Windows-1252 of Arabic: four characters, for these are common. */
    {{0, U"\xd8\xd9"},
     {COMMON | CURRENCY | BAD | NUMERIC | START_PUNCTUATION, U"\x178\x160\xae\xb0\xb5\xbb"},
     {0, U"\xd8\xd9"},
     {COMMON | CURRENCY | BAD | NUMERIC | START_PUNCTUATION, U"\x178\x160\xae\xb0\xb5\xbb"}},
    /* Windows-1252 of alphabets of South Asia. */
    {{0, U"\xe0"}, {0, U"\xb2\xb5\xb9\xbc\xbd\xbe"}},
    /* MacRoman. */
    {{0, U"\x221a"}, {0, U"\xb1\x2202\x2020\x2260\xae\x2122\xb4\x2264\x2265\xa5\xb5\xf8"}},
    {{0, U"\x2248"}, {0, U"\xb0\xa2"}},
    {{0, U"\x201a"}, {0, U"\xc4"}, {0, U"\xec\xee\xef\xf2\xf4\xf5\xfa\xf9\xfb\x2020\xb0\xa2\x3c0"}},
    {{0, U"\x201a"}, {0, U"\xe2\xf3"}, {0, U"\xe0\xe4\xb0\xea"}},
    /* Windows-1251 of U+2000 and so on. */
    {{0, U"\x432"}, {0, U"\x402"}},
    /* Windows-1251 of Latin-1 and of Cyrillic letters. */
    {{0, U"\x412\x413\x420\x421"},
     {C1 | BAD | PUNCTUATION | CURRENCY, U"\xb0\xb5"},
     {0, U"\x412\x413\x420\x421"}},
    /* Windows-1251 of Latin-1 of Windows-1252, near a Latin letter. */
    {{0, U"\x413"},
     {0, U"\x45e"},
     {0, U"\x412"},
     {0, U"\x402"},
     {0, U"\x412"},
     {WITHIN_LINE, NULL},
     {LATIN, U" "}},
    /* Windows-1252 of a with an accent, and of U+00A0. */
    {{0, U"\xc3"}, {0, U"\xa0\xa1"}},
    {{SMALL, NULL}, {0, U"\xc3\xc2"}, {0, U" "}},
    {{SMALL, NULL}, {SPACE, NULL}, {0, U"\xc3\xc2"}, {0, U" "}},
    /* A with circumflex before the character that it stands for. */
    {{SMALL | END_PUNCTUATION, U".,?!"}, {0, U"\xc2"}, {PUNCTUATION, U" "}},
    /* Windows-1253 of U+2000 and so on. */
    {{0, U"\x3b2"}, {0, U"\x20ac"}, {0, U"\x2122\xa0\x386\xad\xae\xb0"}},
    /* Windows-1253 of Latin-1 and of Greek letters. */
    {{0, U"\x392\x393\x39e\x39f"},
     {C1 | BAD | PUNCTUATION | CURRENCY, U"\xb0"},
     {0, U"\x392\x393\x39e\x39f"}},
    /* Windows-1257 of U+2000 and so on. */
    {{0, U"\x101"}, {0, U"\x20ac"}},
};

static uint32_t table_classes(uint32_t point)
{
    size_t low = 0, high = sizeof ranges / sizeof *ranges;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (point > ranges[middle].last)
            low = middle + 1;
        else if (point < ranges[middle].first)
            high = middle;
        else
            return ranges[middle].classes;
    }
    return 0;
}

static uint32_t classes_of(uint32_t point)
{
    uint32_t classes = table_classes(point);
    classes |= point >= 'a' && point <= 'z'   ? SMALL
               : point >= 'A' && point <= 'Z' ? CAPITAL
                                              : OTHER;
    if (point != '\n')
        classes |= WITHIN_LINE;
    if (unicode_is_space(point))
        classes |= SPACE;
    if (point == '_' || unicode_is_letter(point) || unicode_is_number(point))
        classes |= WORD;
    return classes;
}

static bool fits(const struct step *step, uint32_t point, uint32_t classes)
{
    if (step->classes & classes)
        return true;
    for (const char32_t *other = step->others; other && *other; other++)
        if (*other == point)
            return true;
    return false;
}

static bool is_last(const struct step *step)
{
    return step->classes == 0 && !step->others;
}

/* Whether the text, of `count` characters and these classes, begins with a sign. */
static bool begins_with_sign(const uint32_t *points, size_t count, const uint32_t *classes)
{
    for (size_t sign = 0; sign < sizeof signs / sizeof *signs; sign++) {
        size_t step = 0;
        while (step < STEPS_MAX && !is_last(&signs[sign][step]) && step < count &&
               fits(&signs[sign][step], points[step], classes[step]))
            step++;
        if (step == STEPS_MAX || is_last(&signs[sign][step]))
            return true;
    }
    return false;
}

bool mojibake_suspected(const uint32_t *points, size_t count)
{
    uint32_t classes[STEPS_MAX]; /* of the next characters */
    /* A with tilde or circumflex at the start, and a space. */
    if (count > 1 && (points[0] == 0xc2 || points[0] == 0xc3) && points[1] == ' ')
        return true;
    for (size_t i = 0; i < STEPS_MAX; i++)
        classes[i] = i < count ? classes_of(points[i]) : 0;
    for (size_t i = 0; i < count; i++) {
        if (begins_with_sign(points + i, count - i, classes))
            return true;
        memmove(classes, classes + 1, sizeof classes - sizeof *classes);
        classes[STEPS_MAX - 1] = STEPS_MAX < count - i ? classes_of(points[i + STEPS_MAX]) : 0;
    }
    return false;
}

/* Length of what may be one character in UTF-8. */
static size_t sequence_length(const uint32_t *points, size_t count)
{
    uint32_t first = table_classes(points[0]);
    size_t length = 0;
    if (first & UTF8_FIRST_OF_2)
        length = 2;
    else if (first & UTF8_FIRST_OF_3)
        length = 3;
    else if (first & UTF8_FIRST_OF_4)
        length = 4;
    if (length > count)
        return 0;
    for (size_t i = 1; i < length; i++)
        if (!(table_classes(points[i]) & UTF8_CONTINUATION))
            return 0;
    return length;
}

size_t mojibake_stretch(const uint32_t *points, size_t count, size_t from, size_t *start)
{
    for (size_t at = from; at < count; at++) {
        size_t end = at, length;
        if (at > 0 && (table_classes(points[at - 1]) & UTF8_CONTINUATION_STRICT))
            continue;
        while (end < count && (length = sequence_length(points + end, count - end)) > 0)
            end += length;
        if (end > at) {
            *start = at;
            return end - at;
        }
    }
    return 0;
}
