#include "program/eval/eval_summary.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "program/command.h"
#include "program/eval/eval_lines.h"
#include "program/eval/eval_report.h"
#include "program/eval/eval_set.h"
#include "program/eval/eval_table.h"
#include "program/settings.h"

struct summary {
    const struct eval_lines *lines;
    const struct settings *settings;
    bool several;          /* data sets */
    struct eval_rows rows; /* owned: a set, then its classes, the next set, ... */
    struct json_text text; /* owned: with --json */
};

/* The rows from `first` on: those of one set. Their memory stays the summary's. */
static struct eval_rows rows_from(const struct summary *summary, size_t first)
{
    return (struct eval_rows){.items = summary->rows.items + first,
                              .count = summary->rows.count - first};
}

static int add_classes(struct summary *summary, const struct eval_header *header,
                       struct eval_set *set, struct error *error)
{
    for (size_t i = 0; i < set->class_count; i++) {
        char number[16];
        const char *name = class_names_find(&header->classes, set->classes[i].category);
        snprintf(number, sizeof number, "%d", (int)set->classes[i].category);
        if (eval_rows_add(&summary->rows, &set->classes[i].sums, header->set, name ? name : number,
                          error))
            return -1;
    }
    return 0;
}

/* Appends ', "classes": [{"class": 1, "name": "person", ...}, ...]'. */
static void write_classes(struct summary *summary, const struct eval_set *set,
                          const struct eval_rows *rows)
{
    struct json_text *text = &summary->text;
    json_text_raw(text, ", \"classes\": [");
    for (size_t i = 0; i < set->class_count; i++) {
        json_text_raw(text, i ? ", {\"class\": " : "{\"class\": ");
        json_text_integer(text, set->classes[i].category);
        json_text_raw(text, ", \"name\": ");
        json_text_string(text, rows->items[i].label, strlen(rows->items[i].label));
        json_text_raw(text, ", \"images\": ");
        json_text_integer(text, (int64_t)rows->items[i].images);
        eval_table_json(&rows->items[i], text);
        json_text_raw(text, "}");
    }
    json_text_raw(text, "]");
}

/* One of several sets in JSON begins with its name, in an object of its own. */
static void write_set(struct summary *summary, const struct eval_header *header,
                      struct eval_set *set, const struct eval_rows *classes)
{
    struct json_text *text = &summary->text;
    if (summary->several) {
        json_text_raw(text, text->used ? ", {\"name\": " : "{\"sets\": [{\"name\": ");
        json_text_string(text, header->set, strlen(header->set));
        json_text_raw(text, ", ");
    } else {
        json_text_raw(text, "{");
    }
    eval_json(&set->all, !eval_header_of_masks(header), text);
    if (summary->settings->by_class)
        write_classes(summary, set, classes);
    json_text_raw(text, summary->several ? "}" : "}\n");
}

static void print_set(const struct summary *summary, const struct eval_header *header,
                      struct eval_set *set, const struct eval_rows *classes)
{
    if (!summary->several)
        eval_print(&set->all, !eval_header_of_masks(header));
    if (!summary->settings->by_class)
        return;
    printf("\n");
    eval_table_print(classes, summary->several ? header->set : "class", true);
}

static int summarize(struct summary *summary, size_t index, uint64_t *failed, struct error *error)
{
    const struct eval_header *header = &summary->lines->sets[index];
    struct eval_set set = {0};
    const size_t first = summary->rows.count + 1; /* behind the set's own */
    int status = eval_set_read(&set, summary->lines, index, summary->settings->by_class, error);
    if (status == 0)
        status = eval_rows_add(&summary->rows, &set.all, header->set, NULL, error);
    if (status == 0)
        status = add_classes(summary, header, &set, error);
    if (status == 0) {
        const struct eval_rows classes = rows_from(summary, first);
        *failed += set.all.failed;
        if (summary->settings->json)
            write_set(summary, header, &set, &classes);
        else
            print_set(summary, header, &set, &classes);
    }
    eval_set_free(&set);
    return status;
}

/* The mean over several sets. */
static int end_several(struct summary *summary, struct error *error)
{
    if (eval_rows_mean(&summary->rows, error))
        return -1;
    const struct eval_row *mean = &summary->rows.items[summary->rows.count - 1];
    struct json_text *text = &summary->text;
    if (!summary->settings->json) {
        eval_table_print(&summary->rows, "data set", false);
        return 0;
    }
    json_text_raw(text, "], \"mean\": {\"images\": ");
    json_text_integer(text, (int64_t)mean->images);
    eval_table_json(mean, text);
    json_text_raw(text, "}}\n");
    return 0;
}

int eval_summary(const struct eval_lines *lines, const struct settings *settings, uint64_t *failed,
                 struct error *error)
{
    struct summary summary = {
        .lines = lines, .settings = settings, .several = lines->set_count > 1};
    int status = 0;
    *failed = 0;
    for (size_t i = 0; status == 0 && i < lines->set_count; i++)
        status = summarize(&summary, i, failed, error);
    if (status == 0 && summary.several)
        status = end_several(&summary, error);
    if (status == 0 && settings->csv)
        status = eval_table_csv(&summary.rows, settings->csv, error);
    eval_rows_free(&summary.rows);
    if (status == 0 && settings->json)
        return command_print_json(&summary.text, error);
    json_text_free(&summary.text);
    return status;
}
