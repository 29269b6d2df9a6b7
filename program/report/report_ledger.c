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
    size_t host;
    bool taken; /* a row has it */
};

struct report_ledger {
    struct line *lines; /* [count]; after reading sorted by key, one for each */
    size_t count, capacity;
    char (*hosts)[HOST];
    size_t host_count, host_capacity;
    size_t host;         /* of the last start in the ledger that is being read */
    struct error *error; /* of the reading */
};

static int note_host(struct report_ledger *ledger, const char *name)
{
    size_t at = 0;
    while (at < ledger->host_count && strncmp(ledger->hosts[at], name, HOST - 1) != 0)
        at++;
    if (at == ledger->host_count) {
        if (memory_grow((void **)&ledger->hosts, &ledger->host_capacity, at + 1,
                        sizeof *ledger->hosts, ledger->error))
            return -1;
        snprintf(ledger->hosts[at], HOST, "%s", name);
        ledger->host_count++;
    }
    ledger->host = at;
    return 0;
}

static int visit(void *context, const struct ledger_line *line)
{
    struct report_ledger *ledger = context;
    if (line->status == LEDGER_EVENT)
        return line->host ? note_host(ledger, line->host) : 0;
    struct line copy = {.key = strdup(line->key),
                        .error = line->status == LEDGER_FAILED && line->error ? strdup(line->error)
                                                                              : NULL,
                        .seconds = line->seconds,
                        .time = line->time,
                        .host = ledger->host,
                        .taken = line->status == LEDGER_NONE};
    if (!copy.key || memory_grow((void **)&ledger->lines, &ledger->capacity, ledger->count + 1,
                                 sizeof *ledger->lines, ledger->error)) {
        free(copy.key);
        free(copy.error);
        return error_set(ledger->error, ERROR_MEMORY, "no memory to read the ledgers");
    }
    ledger->lines[ledger->count++] = copy;
    return 0;
}

/* By key, the latest first. */
static int by_key(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    int order = strcmp(a->key, b->key);
    return order ? order : (a->time < b->time) - (a->time > b->time);
}

static void free_line(struct line *line)
{
    free(line->key);
    free(line->error);
}

/* Sorts the lines and keeps the latest of each image. */
static void sort(struct report_ledger *ledger)
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

struct report_ledger *report_ledger_read(const struct folder *run, struct error *error)
{
    char **names;
    size_t files;
    struct report_ledger *ledger = memory_new(1, sizeof *ledger, "ledgers", error);
    if (!ledger)
        return NULL;
    ledger->error = error;
    int result = ledger_files(run, NULL, &names, &files, error);
    for (size_t i = 0; result == 0 && i < files; i++) {
        result = note_host(ledger, "unknown");
        if (result == 0)
            result = ledger_read(run, names[i], visit, ledger, NULL, error);
    }
    if (result == 0)
        free(names);
    if (result) {
        report_ledger_free(ledger);
        return NULL;
    }
    sort(ledger);
    return ledger;
}

void report_ledger_free(struct report_ledger *ledger)
{
    for (size_t i = 0; ledger && i < ledger->count; i++)
        free_line(&ledger->lines[i]);
    if (ledger) {
        free(ledger->lines);
        free(ledger->hosts);
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
    for (size_t host = 0; host < ledger->host_count; host++) {
        int64_t images = 0;
        for (size_t i = 0; i < ledger->count; i++)
            images += ledger->lines[i].host == host;
        if (images == 0)
            continue;
        report_json_next(text, NULL);
        json_text_raw(text, "{");
        report_json_string(text, "host", ledger->hosts[host]);
        report_json_integer(text, "images", images);
        json_text_raw(text, "}");
    }
    json_text_raw(text, "]");
}
