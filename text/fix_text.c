#include "text/fix_text.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "text/charsets.h"
#include "text/code_points.h"
#include "text/normal_form.h"
#include "text/repair.h"
#include "text/unescape.h"
#include "text/unicode.h"

/* Passes over a text before it is given up. Texts of people take two to four. */
enum { PASSES_MAX = 256, SHORT_TEXT = 64 };

enum { ESCAPE = 0x1b };

/* What a ligature is made of, or NULL. */
static const char *ligature_letters(uint32_t point)
{
    static const struct {
        uint32_t point;
        const char *letters;
    } ligatures[] = {
        {0x132, "IJ"},         {0x133, "ij"},        {0x149, "'n"},   {0x1c4, "D\xc5\xbd"},
        {0x1c5, "D\xc5\xbe"},  {0x1c6, "d\xc5\xbe"}, {0x1c7, "LJ"},   {0x1c8, "Lj"},
        {0x1c9, "lj"},         {0x1ca, "NJ"},        {0x1cb, "Nj"},   {0x1cc, "nj"},
        {0x1f1, "DZ"},         {0x1f2, "Dz"},        {0x1f3, "dz"},   {0xfb00, "ff"},
        {0xfb01, "fi"},        {0xfb02, "fl"},       {0xfb03, "ffi"}, {0xfb04, "ffl"},
        {0xfb05, "\xc5\xbft"}, {0xfb06, "st"}};
    for (size_t i = 0; i < sizeof ligatures / sizeof *ligatures; i++)
        if (ligatures[i].point == point)
            return ligatures[i].letters;
    return NULL;
}

/* Quotes without their curls, line breaks of one kind. */
static uint32_t plain_mark(uint32_t point)
{
    if (point == 0x2bc || (point >= 0x2018 && point <= 0x201b))
        return '\'';
    if (point >= 0x201c && point <= 0x201f)
        return '"';
    if (point == '\r' || point == 0x2028 || point == 0x2029 || point == 0x85)
        return '\n';
    return point;
}

/* Ordinary width, then plain marks. */
static int add_plain(struct code_points *to, uint32_t point, struct error *error)
{
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH] = {point};
    gsize count = 1;
    if (point == 0x3000)
        parts[0] = ' ';
    else if (point > 0xff00 && point < 0xfff0)
        count = g_unichar_fully_decompose(point, TRUE, parts, G_UNICHAR_MAX_DECOMPOSITION_LENGTH);
    for (gsize i = 0; i < count; i++)
        if (code_points_add(to, plain_mark(parts[i]), error))
            return -1;
    return 0;
}

/* Everything that concerns one character at a time. */
static int plain_characters(const struct code_points *text, struct code_points *to,
                            struct error *error)
{
    for (size_t i = 0; i < text->count; i++) {
        uint32_t point = text->points[i];
        if (point >= 0x80 && point <= 0x9f)
            point = charset_windows_1252(point);
        const char *letters = ligature_letters(point);
        bool half_break = point == '\r' && i + 1 < text->count && text->points[i + 1] == '\n';
        int status = 0;
        if (letters)
            status = code_points_add_utf8(to, letters, strlen(letters), error);
        else if (!half_break)
            status = add_plain(to, point, error);
        if (status)
            return -1;
    }
    return 0;
}

/* The length of a terminal's escape sequence at `points`: ESC [ numbers letter. 0 if there is none. */
static size_t escape_length(const uint32_t *points, size_t count)
{
    size_t at = 2;
    if (count < 3 || points[0] != ESCAPE || points[1] != '[')
        return 0;
    while (at < count && (points[at] == ';' || unicode_is_decimal(points[at])))
        at++;
    return at < count && points[at] < 0x80 && g_ascii_isalpha((char)points[at]) ? at + 1 : 0;
}

/* Controls and other characters that show nothing; but none that are white space or that others are shaped by. */
static bool is_control(uint32_t point)
{
    return (point < 0x20 && !(point >= '\t' && point <= '\r' && point != '\v')) || point == 0x7f ||
           (point >= 0x206a && point <= 0x206f) || point == 0xfeff ||
           (point >= 0xfff9 && point <= 0xfffc);
}

static int without_controls(const struct code_points *text, struct code_points *to,
                            struct error *error)
{
    for (size_t at = 0; at < text->count;) {
        size_t escape = escape_length(text->points + at, text->count - at);
        bool keep = escape == 0 && !is_control(text->points[at]);
        if (keep && code_points_add(to, text->points[at], error))
            return -1;
        at += escape ? escape : 1;
    }
    return 0;
}

/* Two buffers that change places after each step. */
struct segment {
    struct code_points text, next;
};

static void turn(struct segment *segment)
{
    struct code_points text = segment->next;
    segment->next = segment->text;
    segment->next.count = 0;
    segment->text = text;
}

/* All steps once. */
static int pass(struct segment *segment, bool html, struct repair_budget *budget,
                struct error *error)
{
    struct code_points *text = &segment->text, *next = &segment->next;
    if (html) {
        if (unescape_plain(text->points, text->count, next, error))
            return -1;
        turn(segment);
    }
    if (repair_text(text, budget, error) || plain_characters(text, next, error))
        return -1;
    turn(segment);
    if (without_controls(text, next, error))
        return -1;
    turn(segment);
    if (normal_form(text->points, text->count, next, error))
        return -1;
    turn(segment);
    return 0;
}

static bool same(const struct code_points *a, const struct code_points *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->points, b->points, a->count * sizeof *a->points) == 0);
}

/* Mends one line. */
static int fix_segment(const uint32_t *points, size_t count, bool html,
                       struct repair_budget *budget, struct code_points *to, struct error *error)
{
    struct segment segment = {{0}, {0}};
    struct code_points before = {0};
    int status = code_points_add_all(&segment.text, points, count, error);
    while (status == 0) {
        before.count = 0;
        status = repair_spend(budget, segment.text.count, error);
        if (status == 0)
            status = code_points_add_all(&before, segment.text.points, segment.text.count, error);
        if (status == 0)
            status = pass(&segment, html, budget, error);
        if (status || same(&before, &segment.text))
            break;
    }
    if (status == 0)
        status = code_points_add_all(to, segment.text.points, segment.text.count, error);
    code_points_free(&segment.text);
    code_points_free(&segment.next);
    code_points_free(&before);
    return status;
}

static bool has(const uint32_t *points, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++)
        if (points[i] == point)
            return true;
    return false;
}

int fix_text(const uint32_t *points, size_t count, struct code_points *to, struct error *error)
{
    struct repair_budget budget = {((uint64_t)count + SHORT_TEXT) * PASSES_MAX};
    bool html = true;
    for (size_t at = 0; at < count;) {
        size_t end = at;
        while (end < count && points[end] != '\n')
            end++;
        end += end < count;
        html = html && !has(points + at, end - at, '<');
        if (fix_segment(points + at, end - at, html, &budget, to, error))
            return -1;
        at = end;
    }
    return 0;
}
