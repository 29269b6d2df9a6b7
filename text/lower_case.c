#include "text/lower_case.h"

#include <glib.h>
#include <stdbool.h>

#include "text/code_points.h"
#include "text/unicode.h"

enum {
    CAPITAL_I_DOT = 0x130,
    DOT_ABOVE = 0x307,
    CAPITAL_SIGMA = 0x3a3,
    FINAL_SIGMA = 0x3c2,
    SMALL_SIGMA = 0x3c3
};

/* What a sigma's neighbours tell, per text: filled from both ends, so that runs of ignorable characters between
 * sigmas are not walked again and again. */
struct neighbours {
    bool cased_before; /* the last character before, but for ignorable ones, is cased */
    size_t
        after; /* where the next character stands that is not ignorable; found for positions before it */
};

static void look_after(struct neighbours *neighbours, const uint32_t *points, size_t count,
                       size_t at)
{
    if (neighbours->after > at)
        return;
    neighbours->after = at + 1;
    while (neighbours->after < count && unicode_is_case_ignorable(points[neighbours->after]))
        neighbours->after++;
}

static uint32_t small_letter(uint32_t point)
{
    if (point >= 0x2160 && point <= 0x216f) /* Roman numerals, which GLib leaves */
        return point + 0x10;
    if (point >= 0x24b6 && point <= 0x24cf) /* letters in circles */
        return point + 0x1a;
    return g_unichar_tolower(point);
}

int lower_case(const uint32_t *points, size_t count, struct code_points *to, struct error *error)
{
    struct neighbours neighbours = {0};
    for (size_t i = 0; i < count; i++) {
        uint32_t small = small_letter(points[i]);
        if (points[i] == CAPITAL_SIGMA) {
            look_after(&neighbours, points, count, i);
            bool within = neighbours.after < count && unicode_is_cased(points[neighbours.after]);
            small = neighbours.cased_before && !within ? FINAL_SIGMA : SMALL_SIGMA;
        } else if (points[i] == CAPITAL_I_DOT) {
            small = 'i';
        }
        if (code_points_add(to, small, error) ||
            (points[i] == CAPITAL_I_DOT && code_points_add(to, DOT_ABOVE, error)))
            return -1;
        if (!unicode_is_case_ignorable(points[i]))
            neighbours.cased_before = unicode_is_cased(points[i]);
    }
    return 0;
}
