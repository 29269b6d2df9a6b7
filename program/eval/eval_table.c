#include "program/eval/eval_table.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/plain_text.h"
#include "program/eval/eval_set.h"

/* ---- to read ---- */

/* Figures that are shown, and what they are called in a table. */
static const struct {
    const char *figure, *heading;
} columns[] = {{"miou_best_of_3", "best of 3"},
               {"miou_1_click", "1 click"},
               {"miou_2_clicks", "2 clicks"},
               {"miou_3_clicks", "3 clicks"},
               {"miou_5_clicks", "5"},
               {"miou_9_clicks", "9"},
               {"miou_box", "box"},
               {"ar_at_10", "AR@10"},
               {"ar_at_100", "AR@100"},
               {"ar_at_1000", "AR@1000"},
               {"ap", "AP"},
               {"precision_50", "prec. .5"},
               {"precision_75", "prec. .75"}};
enum { COLUMNS = sizeof columns / sizeof *columns, NAME_LEAST = 12, NAME_MOST = 32 };

/* A table has data sets or classes. */
static bool is_wanted(const struct eval_row *row, bool of_classes)
{
    return (row->label != NULL) == of_classes;
}

static bool is_shown(const struct eval_rows *rows, bool of_classes, int column)
{
    for (size_t i = 0; i < rows->count; i++)
        if (is_wanted(&rows->items[i], of_classes) &&
            !isnan(eval_row_figure(&rows->items[i], columns[column].figure)))
            return true;
    return false;
}

static const char *name_of(const struct eval_row *row)
{
    return row->label ? row->label : row->name;
}

static int name_width(const struct eval_rows *rows, bool of_classes)
{
    size_t width = NAME_LEAST;
    for (size_t i = 0; i < rows->count; i++)
        if (is_wanted(&rows->items[i], of_classes) && strlen(name_of(&rows->items[i])) > width)
            width = strlen(name_of(&rows->items[i]));
    return width < NAME_MOST ? (int)width : NAME_MOST;
}

static void print_row(const struct eval_row *row, int width, const bool shown[COLUMNS])
{
    const char *name = name_of(row);
    plain_print(stdout, name);
    printf("%*s%9llu%10llu", width > (int)strlen(name) ? width - (int)strlen(name) : 0, "",
           (unsigned long long)row->images, (unsigned long long)row->segments);
    for (int c = 0; c < COLUMNS; c++) {
        const double value = eval_row_figure(row, columns[c].figure);
        if (shown[c] && isnan(value))
            printf("%10s", "-");
        else if (shown[c])
            printf("%10.3f", value);
    }
    printf("\n");
}

void eval_table_print(const struct eval_rows *rows, const char *heading, bool of_classes)
{
    bool shown[COLUMNS];
    const int width = name_width(rows, of_classes);
    printf("%-*s%9s%10s", width, heading, "images", "segments");
    for (int c = 0; c < COLUMNS; c++) {
        shown[c] = is_shown(rows, of_classes, c);
        if (shown[c])
            printf("%10s", columns[c].heading);
    }
    printf("\n");
    for (size_t i = 0; i < rows->count; i++)
        if (is_wanted(&rows->items[i], of_classes))
            print_row(&rows->items[i], width, shown);
}

/* ---- for programs ---- */

/* Numbers of segments are whole, but for means of them. */
static void add_figure(struct json_text *text, const struct eval_figure *figure)
{
    if (strncmp(figure->name, "segments", 8) == 0 && figure->value == floor(figure->value))
        json_text_integer(text, (int64_t)figure->value);
    else
        json_text_double(text, figure->value);
}

void eval_table_json(const struct eval_row *row, struct json_text *text)
{
    for (size_t i = 0; i < row->count; i++) {
        const struct eval_figure *figure = &row->figures[i];
        if (isnan(figure->value))
            continue;
        json_text_raw(text, ", \"");
        json_text_raw(text, figure->name);
        json_text_raw(text, "\": ");
        add_figure(text, figure);
    }
}

#define CSV_START "set,class,images,failed"

/* A cell, quoted if need be. */
static void add_cell(struct json_text *text, const char *cell)
{
    if (!strpbrk(cell, ",\"\r\n")) {
        json_text_raw(text, cell);
        return;
    }
    json_text_raw(text, "\"");
    for (; *cell; cell++)
        json_text_bytes(text, *cell == '"' ? "\"\"" : cell, *cell == '"' ? 2 : 1);
    json_text_raw(text, "\"");
}

static void add_line(struct json_text *text, const struct eval_row *row)
{
    add_cell(text, row->name);
    json_text_raw(text, ",");
    add_cell(text, row->label ? row->label : "");
    json_text_raw(text, ",");
    json_text_integer(text, (int64_t)row->images);
    json_text_raw(text, ",");
    json_text_integer(text, (int64_t)row->failed);
    for (size_t i = 0; i < row->count; i++) {
        json_text_raw(text, ",");
        if (!isnan(row->figures[i].value))
            add_figure(text, &row->figures[i]);
    }
    json_text_raw(text, "\n");
}

/* Refuses to replace a file of something else. */
static int check_old(const struct folder *folder, const char *name, const char *path,
                     struct error *error)
{
    char start[sizeof CSV_START] = "";
    struct error own = {0};
    FILE *file = folder_stream(folder, name, &own);
    if (!file && own.system == ENOENT)
        return 0;
    if (!file) {
        *error = own;
        return -1;
    }
    const size_t got = fread(start, 1, sizeof start - 1, file);
    fclose(file);
    if (got == 0 || strcmp(start, CSV_START) == 0)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--csv %s: holds something else than figures of maskmill eval; name another "
                     "file",
                     path);
}

int eval_table_csv_check(const char *path, struct error *error)
{
    const char *name;
    struct folder *folder = folder_of(path, &name, error);
    int status = folder ? check_old(folder, name, path, error) : -1;
    folder_close(folder);
    return status;
}

int eval_table_csv(const struct eval_rows *rows, const char *path, struct error *error)
{
    struct json_text text = {0};
    size_t length;
    const char *name;
    json_text_raw(&text, CSV_START);
    for (size_t i = 0; rows->count && i < rows->items[0].count; i++) {
        json_text_raw(&text, ",");
        json_text_raw(&text, rows->items[0].figures[i].name);
    }
    json_text_raw(&text, "\n");
    for (size_t i = 0; i < rows->count; i++)
        add_line(&text, &rows->items[i]);
    char *bytes = json_text_take(&text, &length, error);
    struct folder *folder = bytes ? folder_of(path, &name, error) : NULL;
    int status = folder ? check_old(folder, name, path, error) : -1;
    if (status == 0)
        status = atomic_write(folder, name, bytes, length, NULL, error);
    folder_close(folder);
    free(bytes);
    return status;
}
