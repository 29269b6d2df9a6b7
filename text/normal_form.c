#include "text/normal_form.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "text/code_points.h"

enum {
    CLASSES = 256
}; /* canonical combining classes; 0 is that of letters and all that stands alone */

static int decompose(const uint32_t *points, size_t count, struct code_points *to,
                     struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
        gsize length =
            g_unichar_fully_decompose(points[i], FALSE, parts, G_UNICHAR_MAX_DECOMPOSITION_LENGTH);
        if (code_points_add_all(to, parts, length, error))
            return -1;
    }
    return 0;
}

/* Sorts a run of accents by class and keeps the order within a class. `room` has `count` points. */
static void sort_run(uint32_t *run, size_t count, uint32_t *room)
{
    size_t starts[CLASSES + 1] = {0};
    for (size_t i = 0; i < count; i++)
        starts[g_unichar_combining_class(run[i]) + 1]++;
    for (size_t i = 1; i <= CLASSES; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < count; i++)
        room[starts[g_unichar_combining_class(run[i])]++] = run[i];
    memcpy(run, room, count * sizeof *run);
}

/* `room` has as many points as the text. */
static void sort_accents(struct code_points *text, uint32_t *room)
{
    for (size_t at = 0; at < text->count;) {
        bool sorted = true;
        size_t first = at;
        int before = 0;
        for (; at < text->count; at++) {
            int class = g_unichar_combining_class(text->points[at]);
            if (class == 0)
                break;
            sorted = sorted && before <= class;
            before = class;
        }
        if (!sorted)
            sort_run(text->points + first, at - first, room);
        at += at == first;
    }
}

/* Joins what can be joined, in place. */
static void compose(struct code_points *text)
{
    size_t used = 0, letter = 0;
    int before = 0;
    for (size_t i = 0; i < text->count; i++) {
        uint32_t point = text->points[i];
        int class = g_unichar_combining_class(point);
        gunichar joined;
        /* An accent of the same class in between, or a letter, keeps them apart. */
        bool beside = used > 0 && (before < class || used - 1 == letter);
        if (beside && g_unichar_compose(text->points[letter], point, &joined)) {
            text->points[letter] = joined;
            continue;
        }
        if (class == 0)
            letter = used;
        before = class;
        text->points[used++] = point;
    }
    text->count = used;
}

int normal_form(const uint32_t *points, size_t count, struct code_points *to, struct error *error)
{
    struct code_points room = {0};
    int status = decompose(points, count, to, error);
    if (status == 0)
        status = code_points_add_all(&room, to->points, to->count, error);
    if (status == 0) {
        sort_accents(to, room.points);
        compose(to);
    }
    code_points_free(&room);
    return status;
}
