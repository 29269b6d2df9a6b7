#include "text/unicode.h"

#include <glib.h>
#include <stddef.h>

/* The bit of a general category, and of a character's. */
#define BIT(category) (1U << (category))
static unsigned category(uint32_t point)
{
    return BIT(g_unichar_type(point));
}

static const unsigned letters = BIT(G_UNICODE_LOWERCASE_LETTER) | BIT(G_UNICODE_MODIFIER_LETTER) |
                                BIT(G_UNICODE_OTHER_LETTER) | BIT(G_UNICODE_TITLECASE_LETTER) |
                                BIT(G_UNICODE_UPPERCASE_LETTER);
static const unsigned numbers =
    BIT(G_UNICODE_DECIMAL_NUMBER) | BIT(G_UNICODE_LETTER_NUMBER) | BIT(G_UNICODE_OTHER_NUMBER);
static const unsigned separators = BIT(G_UNICODE_LINE_SEPARATOR) |
                                   BIT(G_UNICODE_PARAGRAPH_SEPARATOR) |
                                   BIT(G_UNICODE_SPACE_SEPARATOR);
static const unsigned cased = BIT(G_UNICODE_LOWERCASE_LETTER) | BIT(G_UNICODE_TITLECASE_LETTER) |
                              BIT(G_UNICODE_UPPERCASE_LETTER);
static const unsigned ignorable = BIT(G_UNICODE_NON_SPACING_MARK) | BIT(G_UNICODE_ENCLOSING_MARK) |
                                  BIT(G_UNICODE_FORMAT) | BIT(G_UNICODE_MODIFIER_LETTER) |
                                  BIT(G_UNICODE_MODIFIER_SYMBOL);

struct range {
    uint32_t first, last;
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

bool unicode_is_space(uint32_t point)
{
    return (category(point) & separators) || (point >= '\t' && point <= '\r') ||
           (point >= 0x1c && point <= 0x1f) || point == 0x85;
}

bool unicode_is_letter(uint32_t point)
{
    return category(point) & letters;
}

bool unicode_is_number(uint32_t point)
{
    return category(point) & numbers;
}

bool unicode_is_decimal(uint32_t point)
{
    return g_unichar_type(point) == G_UNICODE_DECIMAL_NUMBER;
}

bool unicode_is_cased(uint32_t point)
{
    /* Other_Uppercase and Other_Lowercase, but for modifier letters: ordinal indicators, Roman numerals, letters in
     * circles and squares. */
    static const struct range others[] = {{0xaa, 0xaa},      {0xba, 0xba},       {0x2160, 0x217f},
                                          {0x24b6, 0x24e9},  {0x1f130, 0x1f149}, {0x1f150, 0x1f169},
                                          {0x1f170, 0x1f189}};
    return (category(point) & cased) || in_ranges(others, sizeof others / sizeof *others, point);
}

bool unicode_is_case_ignorable(uint32_t point)
{
    /* Word_Break of MidLetter, MidNumLet and Single_Quote: apostrophes, points and colons. */
    static const struct range others[] = {
        {0x27, 0x27},     {0x2e, 0x2e},     {0x3a, 0x3a},     {0xb7, 0xb7},
        {0x387, 0x387},   {0x55f, 0x55f},   {0x5f4, 0x5f4},   {0x2018, 0x2019},
        {0x2024, 0x2024}, {0x2027, 0x2027}, {0xfe13, 0xfe13}, {0xfe52, 0xfe52},
        {0xfe55, 0xfe55}, {0xff07, 0xff07}, {0xff0e, 0xff0e}, {0xff1a, 0xff1a}};
    return (category(point) & ignorable) ||
           in_ranges(others, sizeof others / sizeof *others, point);
}
