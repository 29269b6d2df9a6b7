#include "text/repair.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/charsets.h"
#include "text/code_points.h"
#include "text/loose_utf8.h"
#include "text/lost_bytes.h"
#include "text/mojibake.h"

/* What a step made of a text. */
enum outcome { OUTCOME_ERROR = -1, OUTCOME_SAME, OUTCOME_FIXED };

int repair_spend(struct repair_budget *budget, size_t count, struct error *error)
{
    if (count > budget->left)
        return error_set(error, ERROR_USAGE,
                         "the text is wrapped in too many layers of encodings or HTML");
    budget->left -= count;
    return 0;
}

/* Bytes of a text in a charset, before and after repairs. */
struct bytes {
    unsigned char *encoded, *restored, *replaced; /* owned, in one block that begins at `encoded` */
};

static int bytes_new(struct bytes *bytes, size_t count, struct error *error)
{
    const size_t growth = LOST_BYTES_GROWTH;
    size_t each = 1 + growth + growth * growth;
    bytes->encoded = count <= SIZE_MAX / each ? malloc(count * each) : NULL;
    if (!bytes->encoded)
        return error_set(error, ERROR_MEMORY, "no memory for a text");
    bytes->restored = bytes->encoded + count;
    bytes->replaced = bytes->restored + count * growth;
    return 0;
}

/* Reads bytes->encoded, a text in that charset, as UTF-8. */
static enum outcome read_as_utf8(struct bytes *bytes, size_t count, enum charset_number charset,
                                 struct code_points *fixed, struct error *error)
{
    const unsigned char *read = bytes->encoded;
    /* In MacRoman that would be an en dash and a space. */
    if (charset != CHARSET_MACROMAN) {
        count = lost_bytes_restore(read, count, bytes->restored);
        read = bytes->restored;
    }
    if (charset_is_sloppy(charset)) {
        count = lost_bytes_replace(read, count, bytes->replaced);
        read = bytes->replaced;
    }
    bool loose = memchr(read, 0xed, count) || memchr(read, 0xc0, count);
    fixed->count = 0;
    return loose_utf8(read, count, loose, fixed, error);
}

/* Tries one charset after the other. *latin_1: whether all characters are in that. */
static enum outcome decode_whole(const struct code_points *text, struct code_points *fixed,
                                 bool *latin_1, struct error *error)
{
    struct bytes bytes = {0};
    enum outcome outcome = OUTCOME_SAME;
    *latin_1 = false;
    if (bytes_new(&bytes, text->count, error))
        return OUTCOME_ERROR;
    for (enum charset_number i = CHARSET_LATIN_1; i < CHARSETS && outcome == OUTCOME_SAME; i++) {
        if (!charset_encode(i, text->points, text->count, bytes.encoded))
            continue;
        *latin_1 = *latin_1 || i == CHARSET_LATIN_1;
        outcome = read_as_utf8(&bytes, text->count, i, fixed, error);
    }
    free(bytes.encoded);
    return outcome;
}

/* Repairs a stretch of a larger text by itself and appends it. */
static int add_repaired(const uint32_t *points, size_t count, struct code_points *fixed,
                        struct repair_budget *budget, struct error *error)
{
    struct code_points part = {0};
    int status = code_points_add_all(&part, points, count, error);
    if (status == 0)
        status = repair_text(&part, budget, error);
    if (status == 0)
        status = code_points_add_all(fixed, part.points, part.count, error);
    code_points_free(&part);
    return status;
}

/* Repairs stretches that look like UTF-8 within a text that as a whole is not. */
static enum outcome decode_parts(const struct code_points *text, struct code_points *fixed,
                                 struct repair_budget *budget, struct error *error)
{
    size_t at = 0, start, length;
    enum outcome outcome = OUTCOME_SAME;
    fixed->count = 0;
    while ((length = mojibake_stretch(text->points, text->count, at, &start)) > 0) {
        const uint32_t *stretch = text->points + start;
        if (code_points_add_all(fixed, text->points + at, start - at, error))
            return OUTCOME_ERROR;
        /* A stretch that is the whole text would go round in circles. */
        bool repair = length < text->count && mojibake_suspected(stretch, length);
        if (repair ? add_repaired(stretch, length, fixed, budget, error)
                   : code_points_add_all(fixed, stretch, length, error))
            return OUTCOME_ERROR;
        at = start + length;
    }
    if (code_points_add_all(fixed, text->points + at, text->count - at, error))
        return OUTCOME_ERROR;
    if (fixed->count != text->count ||
        memcmp(fixed->points, text->points, text->count * sizeof *text->points) != 0)
        outcome = OUTCOME_FIXED;
    return outcome;
}

/* Controls of Latin-1 stand for Windows-1252. Unless `all`, nothing changes if one of them stands for nothing there. */
static enum outcome decode_controls(const struct code_points *text, bool all,
                                    struct code_points *fixed, struct error *error)
{
    enum outcome outcome = OUTCOME_SAME;
    fixed->count = 0;
    for (size_t i = 0; i < text->count; i++) {
        uint32_t point = text->points[i];
        bool control = point >= 0x80 && point <= 0x9f;
        uint32_t other = control ? charset_windows_1252(point) : point;
        if (control && !all && other == point)
            return OUTCOME_SAME;
        if (control)
            outcome = OUTCOME_FIXED;
        if (code_points_add(fixed, other, error))
            return OUTCOME_ERROR;
    }
    return outcome;
}

static bool is_ascii(const struct code_points *text)
{
    for (size_t i = 0; i < text->count; i++)
        if (text->points[i] > 0x7f)
            return false;
    return true;
}

/* Takes one layer off. */
static enum outcome step(const struct code_points *text, struct code_points *fixed,
                         struct repair_budget *budget, struct error *error)
{
    bool latin_1;
    if (is_ascii(text) || !mojibake_suspected(text->points, text->count))
        return OUTCOME_SAME;
    if (repair_spend(budget, text->count, error))
        return OUTCOME_ERROR;
    enum outcome outcome = decode_whole(text, fixed, &latin_1, error);
    if (outcome == OUTCOME_SAME)
        outcome = decode_parts(text, fixed, budget, error);
    if (outcome == OUTCOME_SAME && latin_1)
        outcome = decode_controls(text, false, fixed, error);
    if (outcome == OUTCOME_SAME)
        outcome = decode_controls(text, true, fixed, error);
    return outcome;
}

int repair_text(struct code_points *text, struct repair_budget *budget, struct error *error)
{
    struct code_points fixed = {0};
    enum outcome outcome;
    while ((outcome = step(text, &fixed, budget, error)) == OUTCOME_FIXED) {
        struct code_points before = *text;
        *text = fixed;
        fixed = before;
        /* A step may leave all as it was: controls that stand for nothing. */
        if (fixed.count == text->count &&
            memcmp(fixed.points, text->points, text->count * sizeof *text->points) == 0)
            break;
    }
    code_points_free(&fixed);
    return outcome == OUTCOME_ERROR ? -1 : 0;
}
