#include "pictures/lettering.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "pictures/coverage.h"
#include "pictures/lettering_glyphs.h"

enum {
    SPACING = 4, /* units between letters */
    BLANK = 3,   /* units of a blank, without that */
    POINTS_MOST = 16,
    UTF8_MOST = 4, /* bytes of a character */
    PIECES = 8     /* lines for each piece of a curve */
};

/* Where and how a letter is drawn. */
struct pen {
    struct coverage *coverage;
    float x, y; /* of the letter's left end on the base line */
    float unit; /* pixels */
};

static int digit(char character)
{
    return character >= 'a' ? character - 'a' + 10 : character - '0';
}

/* The letter's strokes of the character at *text, which moves on to the next. */
static const char *next_glyph(const char **text)
{
    size_t length = utf8_character(*text, strnlen(*text, UTF8_MOST));
    char character = length == 1 ? **text : '?';
    *text += length ? length : 1;
    bool known = character >= LETTERING_FIRST && character <= LETTERING_LAST;
    return lettering_glyphs[(known ? character : '?') - LETTERING_FIRST];
}

/* The greatest x of a letter. */
static int glyph_width(const char *glyph)
{
    int most = *glyph ? 0 : BLANK;
    for (bool is_x = true; *glyph; glyph++) {
        if (*glyph == ' ' || *glyph == '~' || *glyph == '@') {
            is_x = true;
            continue;
        }
        if (is_x && digit(*glyph) > most)
            most = digit(*glyph);
        is_x = !is_x;
    }
    return most;
}

static int text_units(const char *text)
{
    int units = 0;
    while (*text)
        units += glyph_width(next_glyph(&text)) + SPACING;
    return units ? units - SPACING : 0;
}

double lettering_width(const char *text, double height)
{
    return text_units(text) * height / LETTERING_BASE;
}

static void draw_line(const struct pen *pen, const float from[2], const float to[2])
{
    const float a[2] = {pen->x + from[0] * pen->unit, pen->y + from[1] * pen->unit};
    const float b[2] = {pen->x + to[0] * pen->unit, pen->y + to[1] * pen->unit};
    coverage_line(pen->coverage, a, b);
}

/* The quadratic curve from a to c that is drawn towards b. */
static void draw_piece(const struct pen *pen, const float a[2], const float b[2], const float c[2])
{
    float last[2] = {a[0], a[1]};
    for (int i = 1; i <= PIECES; i++) {
        float t = (float)i / PIECES, next[2];
        for (int k = 0; k < 2; k++)
            next[k] = (1 - t) * (1 - t) * a[k] + 2 * t * (1 - t) * b[k] + t * t * c[k];
        draw_line(pen, last, next);
        last[0] = next[0];
        last[1] = next[1];
    }
}

static void middle(const float a[2], const float b[2], float to[2])
{
    to[0] = (a[0] + b[0]) / 2;
    to[1] = (a[1] + b[1]) / 2;
}

static void draw_curve(const struct pen *pen, const float (*points)[2], size_t count, bool closed)
{
    size_t first = closed ? 0 : 1, end = closed ? count : count - 1;
    for (size_t i = first; i < end; i++) {
        const float *before = points[(i + count - 1) % count], *after = points[(i + 1) % count];
        float from[2], to[2];
        middle(before, points[i], from);
        middle(points[i], after, to);
        bool starts = !closed && i == 1, ends = !closed && i == count - 2;
        draw_piece(pen, starts ? before : from, points[i], ends ? after : to);
    }
}

/* Draws the stroke at *glyph, which moves on to its end. */
static void draw_stroke(const struct pen *pen, const char **glyph)
{
    float points[POINTS_MOST][2];
    size_t count = 0;
    char kind = **glyph;
    const char *at = *glyph + (kind == '~' || kind == '@');
    for (; *at && *at != ' ' && count < POINTS_MOST; at += 2, count++) {
        points[count][0] = (float)digit(at[0]);
        points[count][1] = (float)(digit(at[1]) - LETTERING_BASE);
    }
    *glyph = at;
    if ((kind == '~' || kind == '@') && count > 0)
        draw_curve(pen, (const float(*)[2])points, count, kind == '@');
    else if (count == 1)
        draw_line(pen, points[0], points[0]);
    for (size_t i = 1; kind != '~' && kind != '@' && i < count; i++)
        draw_line(pen, points[i - 1], points[i]);
}

void lettering_draw(struct coverage *coverage, const char *text, const float at[2], double height)
{
    struct pen pen = {coverage, at[0], at[1], (float)(height / LETTERING_BASE)};
    while (*text) {
        const char *glyph = next_glyph(&text);
        int units = glyph_width(glyph) + SPACING;
        while (*glyph) {
            draw_stroke(&pen, &glyph);
            glyph += *glyph == ' ';
        }
        pen.x += (float)units * pen.unit;
    }
}

/* Bytes of the first of `length` bytes' characters. */
static size_t first_character(const char *text, size_t length)
{
    size_t bytes = utf8_character(text, length);
    return bytes ? bytes : 1;
}

/* Bytes of the last character of `length` bytes. */
static size_t last_character(const char *text, size_t length)
{
    for (size_t bytes = length < UTF8_MOST ? length : UTF8_MOST; bytes > 1; bytes--)
        if (utf8_character(text + length - bytes, bytes) == bytes)
            return bytes;
    return 1;
}

/* How much of either side of a long text can be of use, in bytes: half of it, or less if no more letters
 * fit. Names in records may have millions of bytes. */
static size_t side_bytes(size_t length, double height, double most)
{
    double letters = fmax(most, 0) / height * LETTERING_BASE / SPACING + 1;
    return letters * UTF8_MOST < (double)length / 2 ? (size_t)letters * UTF8_MOST : length / 2;
}

void lettering_shorten(const char *text, double height, double most, char *short_text, size_t size)
{
    size_t length = strlen(text), head = 0, tail;
    size_t side = side_bytes(length, height, most);
    snprintf(short_text, size, "%s", text);
    if (lettering_width(text, height) <= most)
        return;
    while (head < side)
        head += first_character(text + head, length - head);
    for (tail = head; tail < length - side;)
        tail += first_character(text + tail, length - tail);
    while (lettering_width(short_text, height) > most && tail - head < length) {
        if (head >= length - tail)
            head -= last_character(text, head);
        else
            tail += first_character(text + tail, length - tail);
        snprintf(short_text, size, "%.*s...%s", (int)head, text, text + tail);
    }
}
