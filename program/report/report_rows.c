#include "program/report/report_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "program/report/report_json.h"
#include "program/report/report_output.h"

enum { ROWS = 5000 }; /* of a document */

struct report_row *report_rows_add(struct report_rows *rows, const char *name,
                                   enum report_status status, struct error *error)
{
    char *copy = strdup(name);
    if (!copy || memory_grow((void **)&rows->items, &rows->capacity, rows->count + 1,
                             sizeof *rows->items, error)) {
        error_set(error, ERROR_MEMORY, "%.200s: no memory to list it", name);
        free(copy);
        return NULL;
    }
    struct report_row *row = &rows->items[rows->count++];
    *row = (struct report_row){.name = copy,
                               .status = status,
                               .iou = NAN,
                               .stability = NAN,
                               .covered = NAN,
                               .seconds = NAN,
                               .time = NAN,
                               .chunk = -1};
    return row;
}

void report_rows_free(struct report_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].name);
        free(rows->items[i].file);
        free(rows->items[i].reason);
    }
    free(rows->items);
    *rows = (struct report_rows){0};
}

/* Rows first .. end of a list. */
struct range {
    const struct report_rows *rows;
    size_t first, end;
};

typedef double number_of(const struct report_row *row);

static void put_column(struct json_text *text, const char *name, const struct range *range,
                       number_of *number, int digits)
{
    report_json_next(text, name);
    json_text_raw(text, "[");
    for (size_t i = range->first; i < range->end; i++)
        report_json_rounded(text, NULL, number(&range->rows->items[i]), digits);
    json_text_raw(text, "]");
}

/* clang-format off */
static double width(const struct report_row *row) { return row->width; }
static double height(const struct report_row *row) { return row->height; }
static double status(const struct report_row *row) { return row->status; }
static double masks(const struct report_row *row) { return (double)row->masks; }
static double iou(const struct report_row *row) { return row->iou; }
static double stability(const struct report_row *row) { return row->stability; }
static double covered(const struct report_row *row) { return row->covered; }
static double seconds(const struct report_row *row) { return row->seconds; }
static double end_time(const struct report_row *row) { return row->time; }
static double chunk(const struct report_row *row) { return (double)row->chunk; }
/* clang-format on */

static void put_numbers(struct json_text *text, const struct range *range)
{
    static const struct {
        const char *name;
        number_of *number;
        int digits;
    } columns[] = {
        {"width", width, 0},     {"height", height, 0},   {"status", status, 0},
        {"masks", masks, 0},     {"iou", iou, 4},         {"stability", stability, 4},
        {"covered", covered, 4}, {"seconds", seconds, 3}, {"time", end_time, 1},
        {"chunk", chunk, 0},
    };
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        put_column(text, columns[i].name, range, columns[i].number, columns[i].digits);
}

static void put_names(struct json_text *text, const struct range *range)
{
    char row[24];
    report_json_next(text, "name");
    json_text_raw(text, "[");
    for (size_t i = range->first; i < range->end; i++)
        report_json_string(text, NULL, range->rows->items[i].name);
    json_text_raw(text, "]");
    report_json_next(text, "hex");
    json_text_raw(text, "{");
    for (size_t i = range->first; i < range->end; i++) {
        const char *name = range->rows->items[i].name;
        if (utf8_valid(name, strlen(name)))
            continue;
        snprintf(row, sizeof row, "%zu", i);
        report_json_hex(text, row, name);
    }
    json_text_raw(text, "}");
}

static void put_exceptions(struct json_text *text, const struct range *range)
{
    char row[24];
    report_json_next(text, "reason");
    json_text_raw(text, "{");
    for (size_t i = range->first; i < range->end; i++) {
        if (!range->rows->items[i].reason)
            continue;
        snprintf(row, sizeof row, "%zu", i);
        report_json_string(text, row, range->rows->items[i].reason);
    }
    json_text_raw(text, "}");
    report_json_next(text, "missing");
    json_text_raw(text, "[");
    for (size_t i = range->first; i < range->end; i++)
        if (range->rows->items[i].missing)
            report_json_integer(text, NULL, (int64_t)i);
    json_text_raw(text, "]");
}

size_t report_rows_documents(const struct report_rows *rows)
{
    return (rows->count + ROWS - 1) / ROWS;
}

void report_rows_put(const struct report_rows *rows, size_t number, struct json_text *text)
{
    size_t first = number * ROWS;
    const struct range range = {rows, first,
                                rows->count - first > ROWS ? first + ROWS : rows->count};
    json_text_raw(text, "{");
    report_json_integer(text, "first", (int64_t)range.first);
    report_json_integer(text, "count", (int64_t)(range.end - range.first));
    put_names(text, &range);
    put_numbers(text, &range);
    put_exceptions(text, &range);
    json_text_raw(text, "}");
}

int report_rows_write(const struct report_rows *rows, int run, struct report_output *output,
                      struct error *error)
{
    struct json_text text = {0};
    char name[48];
    int result = 0;
    size_t documents = report_rows_documents(rows);
    for (size_t i = 0; result == 0 && i < documents; i++) {
        report_rows_put(rows, i, &text);
        snprintf(name, sizeof name, "index-%d-%zu", run, i);
        result = report_output_add(output, name, &text, error);
    }
    json_text_free(&text);
    return result;
}
