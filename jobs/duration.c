#include "jobs/stop.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const double LONGEST = 10 * 365.25 * 86400; /* s */

/* Seconds of a unit letter, 0 for an unknown one. */
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

int stop_parse_duration(const char *text, double *seconds, struct error *error)
{
    const char *at = text;
    double total = 0;
    while (*at) {
        size_t digits = strspn(at, "0123456789.");
        char *end;
        double number = strtod(at, &end);
        bool alone = at == text && *end == '\0'; /* a plain number is seconds */
        double unit = alone ? 1 : unit_seconds(*end);
        if (digits == 0 || end != at + digits || unit == 0)
            break;
        total += number * unit;
        at = end + !alone;
    }
    if (at == text || *at || total > LONGEST)
        return error_set(error, ERROR_USAGE,
                         "'%s' is not a duration: write 3h50m, 90s, 1d12h or a number of seconds, "
                         "ten years at most",
                         text);
    *seconds = total;
    return 0;
}
