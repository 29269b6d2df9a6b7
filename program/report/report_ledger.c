#include "program/report/report_ledger.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "jobs/ledger.h"
#include "program/report/report_json.h"
#include "program/report/report_rows.h"

enum { HOST = 64 };

/* The latest line of an image. */
struct line {
    char *key;   /* owned */
    char *error; /* owned; NULL: done */
    double seconds, time;
    size_t number; /* of the line among all that were read */
    size_t start;  /* that it follows: place in report_ledger.starts */
    bool taken;    /* a row has it */
};

/* A start of a run on a machine; after reading, a machine. */
struct start {
    char host[HOST];
    int64_t images;
};

struct report_ledger {
    struct line *lines; /* [count]; after reading sorted by key, one for each */
    size_t count, capacity;
    struct start *starts; /* [start_count] owned; after reading sorted by host, one for each */
    size_t start_count, start_capacity;
    struct error *error; /* of the reading */
};

static int note_start(struct report_ledger *ledger, const char *host)
{
    if (memory_grow((void **)&ledger->starts, &ledger->start_capacity, ledger->start_count + 1,
                    sizeof *ledger->starts, ledger->error))
        return -1;
    struct start *start = &ledger->starts[ledger->start_count++];
    *start = (struct start){.images = 0};
    snprintf(start->host, HOST, "%s", host);
    return 0;
}

/* Copies the strings of a line. False if there is no memory for them. */
static bool copy_texts(struct line *copy, const struct ledger_line *line)
{
    copy->key = strdup(line->key);
    if (line->status == LEDGER_FAILED)
        copy->error = strdup(line->error ? line->error : "the ledger does not say why");
    return copy->key && (copy->error || line->status != LEDGER_FAILED);
}

static int visit(void *context, const struct ledger_line *line)
{
    struct report_ledger *ledger = context;
    if (line->status == LEDGER_EVENT)
        return line->host ? note_start(ledger, line->host) : 0;
    struct line copy = {.seconds = line->seconds,
                        .time = line->time,
                        .number = ledger->count,
                        .start = ledger->start_count - 1,
                        .taken = line->status == LEDGER_NONE};
    if (!copy_texts(&copy, line) ||
        memory_grow((void **)&ledger->lines, &ledger->capacity, ledger->count + 1,
                    sizeof *ledger->lines, ledger->error)) {
        free(copy.key);
        free(copy.error);
        return error_set(ledger->error, ERROR_MEMORY, "no memory to read the ledgers");
    }
    ledger->lines[ledger->count++] = copy;
    return 0;
}

/* By key, the latest first; of one time, the one that was read last. */
static int by_key(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    int order = strcmp(a->key, b->key);
    if (order == 0)
        order = (a->time < b->time) - (a->time > b->time);
    return order ? order : (a->number < b->number) - (a->number > b->number);
}

static void free_line(struct line *line)
{
    free(line->key);
    free(line->error);
}

/* Sorts the lines and keeps the latest of each image. */
static void sort_lines(struct report_ledger *ledger)
{
    size_t kept = 0;
    if (ledger->count)
        qsort(ledger->lines, ledger->count, sizeof *ledger->lines, by_key);
    for (size_t i = 0; i < ledger->count; i++)
        if (kept && strcmp(ledger->lines[kept - 1].key, ledger->lines[i].key) == 0)
            free_line(&ledger->lines[i]);
        else
            ledger->lines[kept++] = ledger->lines[i];
    ledger->count = kept;
}

static int by_host(const void *left, const void *right)
{
    const struct start *a = left, *b = right;
    return strcmp(a->host, b->host);
}

/* Counts the images of each start, and joins the starts on one machine. */
static void sort_starts(struct report_ledger *ledger)
{
    size_t kept = 0;
    for (size_t i = 0; i < ledger->count; i++)
        ledger->starts[ledger->lines[i].start].images++;
    if (ledger->start_count)
        qsort(ledger->starts, ledger->start_count, sizeof *ledger->starts, by_host);
    for (size_t i = 0; i < ledger->start_count; i++)
        if (kept && by_host(&ledger->starts[kept - 1], &ledger->starts[i]) == 0)
            ledger->starts[kept - 1].images += ledger->starts[i].images;
        else
            ledger->starts[kept++] = ledger->starts[i];
    ledger->start_count = kept;
}

struct report_ledger *report_ledger_read(const struct folder *run, struct error *error)
{
    char **names = NULL;
    size_t files = 0;
    struct report_ledger *ledger = memory_new(1, sizeof *ledger, "ledgers", error);
    if (!ledger)
        return NULL;
    ledger->error = error;
    int result = ledger_files(run, NULL, &names, &files, error);
    for (size_t i = 0; result == 0 && i < files; i++) {
        result = note_start(ledger, "unknown"); /* of lines before the first start */
        if (result == 0)
            result = ledger_read(run, names[i], visit, ledger, NULL, error);
    }
    free(names);
    if (result) {
        report_ledger_free(ledger);
        return NULL;
    }
    sort_lines(ledger);
    sort_starts(ledger);
    return ledger;
}

void report_ledger_free(struct report_ledger *ledger)
{
    for (size_t i = 0; ledger && i < ledger->count; i++)
        free_line(&ledger->lines[i]);
    if (ledger) {
        free(ledger->lines);
        free(ledger->starts);
    }
    memory_free(ledger);
}

static int compare_key(const void *key, const void *element)
{
    return strcmp(key, ((const struct line *)element)->key);
}

static struct line *find(const struct report_ledger *ledger, const char *name)
{
    return ledger->count
               ? bsearch(name, ledger->lines, ledger->count, sizeof *ledger->lines, compare_key)
               : NULL;
}

static int add_failed(struct report_rows *rows, const struct line *line, struct error *error)
{
    struct report_row *row = report_rows_add(rows, line->key, REPORT_FAILED, error);
    if (!row || !(row->reason = strdup(line->error)))
        return error_set(error, ERROR_MEMORY, "%.200s: no memory to list it", line->key);
    row->seconds = line->seconds;
    row->time = line->time;
    return 0;
}

int report_ledger_complete(struct report_ledger *ledger, struct report_rows *rows,
                           struct error *error)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct line *line = find(ledger, rows->items[i].name);
        if (!line || line->taken)
            continue;
        rows->items[i].seconds = line->seconds;
        rows->items[i].time = line->time;
        line->taken = true;
    }
    for (size_t i = 0; i < ledger->count; i++)
        if (ledger->lines[i].error && !ledger->lines[i].taken &&
            add_failed(rows, &ledger->lines[i], error))
            return -1;
    return 0;
}

void report_ledger_machines(const struct report_ledger *ledger, struct json_text *text)
{
    json_text_raw(text, "[");
    for (size_t i = 0; i < ledger->start_count; i++) {
        const struct start *start = &ledger->starts[i];
        if (start->images == 0)
            continue;
        report_json_next(text, NULL);
        json_text_raw(text, "{");
        report_json_string(text, "host", start->host);
        report_json_integer(text, "images", start->images);
        json_text_raw(text, "}");
    }
    json_text_raw(text, "]");
}
