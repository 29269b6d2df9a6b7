#include "base/parse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double LONGEST = 10 * 365.25 * 86400; /* s */

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

bool parse_count(const char *text, uint64_t *count)
{
    char *end;
    if (!is_digit(text[0]))
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (errno || *end)
        return false;
    *count = number;
    return true;
}

bool parse_integer(const char *text, int64_t least, int64_t most, int64_t *number)
{
    char *end;
    if (!is_digit(text[text[0] == '-']))
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || value < least || value > most)
        return false;
    *number = value;
    return true;
}

/* The number at the start of `text`. Returns where it ends, or NULL if there is none. */
static const char *read_real(const char *text, double *number)
{
    char *end;
    size_t digits = strspn(text, "+-0123456789.eE");
    errno = 0;
    *number = strtod(text, &end);
    if (end == text || (size_t)(end - text) > digits || errno == ERANGE)
        return NULL;
    return end;
}

bool parse_real(const char *text, double *number)
{
    double value;
    const char *end = read_real(text, &value);
    if (!end || *end)
        return false;
    *number = value;
    return true;
}

bool parse_ratio(const char *text, double *number)
{
    double dividend;
    double divisor;
    const char *end = read_real(text, &dividend);
    if (!end || *end != '/')
        return parse_real(text, number);
    if (!parse_real(end + 1, &divisor) || divisor == 0 || !isfinite(dividend / divisor))
        return false;
    *number = dividend / divisor;
    return true;
}

bool parse_percentage(const char *text, double *fraction)
{
    double percent;
    const char *end = read_real(text, &percent);
    if (!end || strcmp(end, "%") != 0)
        return false;
    *fraction = percent / 100;
    return true;
}

/* Seconds of a unit's letter, 0 for an unknown one. */
static double unit_seconds(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    default:
        return 0;
    }
}

bool parse_duration(const char *text, double *seconds)
{
    const char *at = text;
    double total = 0;
    while (*at) {
        char *end;
        size_t digits = strspn(at, "0123456789.");
        double number = strtod(at, &end);
        bool plain = at == text && *end == '\0';
        double unit = plain ? 1 : unit_seconds(*end);
        if (digits == 0 || end != at + digits || unit == 0)
            return false;
        total += number * unit;
        at = end + !plain;
    }
    if (at == text || total > LONGEST)
        return false;
    *seconds = total;
    return true;
}

/* The unit at the start of `text` in bytes; *end is what follows it. */
static double unit_bytes(const char *text, const char **end)
{
    static const char letters[] = "kKmMgGtT";
    const char *letter = *text ? strchr(letters, *text) : NULL;
    double unit = letter ? ldexp(1, 10 * (int)((letter - letters) / 2 + 1)) : 1;
    text += letter != NULL;
    if (letter && strncasecmp(text, "iB", 2) == 0)
        text += 2;
    else if (strncasecmp(text, "B", 1) == 0)
        text += 1;
    *end = text;
    return unit;
}

bool parse_size(const char *text, uint64_t *bytes)
{
    double number;
    const char *end = is_digit(text[0]) ? read_real(text, &number) : NULL;
    if (!end)
        return false;
    number *= unit_bytes(end, &end);
    if (*end || number < 1 || number > ldexp(1, 62))
        return false;
    *bytes = (uint64_t)number;
    return true;
}
