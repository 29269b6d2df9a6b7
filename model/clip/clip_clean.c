#include "model/clip/clip_clean.h"

#include <stdbool.h>
#include <string.h>

#include "text/code_points.h"
#include "text/fix_text.h"
#include "text/lower_case.h"
#include "text/unescape.h"
#include "text/unicode.h"

/* In place. */
static void clean_spaces(struct code_points *text)
{
    size_t used = 0;
    bool space = false;
    for (size_t i = 0; i < text->count; i++) {
        if (unicode_is_space(text->points[i])) {
            space = used > 0;
            continue;
        }
        if (space)
            text->points[used++] = ' ';
        space = false;
        text->points[used++] = text->points[i];
    }
    text->count = used;
}

/* The steps, with `other` for what lies between them. */
static int clean_in(const char *text, struct code_points *clean, struct code_points *other,
                    struct error *error)
{
    if (code_points_add_utf8(other, text, strlen(text), error) ||
        fix_text(other->points, other->count, clean, error))
        return -1;
    for (int i = 0; i < 2; i++) {
        struct code_points before = *clean;
        *clean = *other;
        *other = before;
        clean->count = 0;
        if (unescape_html(other->points, other->count, clean, error))
            return -1;
    }
    clean_spaces(clean);
    other->count = 0;
    if (code_points_add_all(other, clean->points, clean->count, error))
        return -1;
    clean->count = 0;
    return lower_case(other->points, other->count, clean, error);
}

int clip_clean(const char *text, struct code_points *clean, struct error *error)
{
    struct code_points other = {0};
    int status = clean_in(text, clean, &other, error);
    code_points_free(&other);
    return status;
}
