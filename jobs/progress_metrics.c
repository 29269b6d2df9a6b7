#include "jobs/progress_metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/folder.h"
#include "jobs/items.h"
#include "jobs/progress.h"

/* Where to write, and what every metric needs. */
struct sheet {
    FILE *out;
    const char *labels;
    const struct item_words *words;
};

/* A text that begins with a capital letter. Returns `text`. */
static const char *capital(const char *word, char text[64])
{
    snprintf(text, 64, "%s", word);
    if (text[0] >= 'a' && text[0] <= 'z')
        text[0] = (char)(text[0] - 'a' + 'A');
    return text;
}

/* Joins the parts of a metric's name or help. Returns `text`. */
static const char *join(char text[128], const char *first, const char *word, const char *last)
{
    snprintf(text, 128, "%s%s%s", first, word, last);
    return text;
}

/* Writes one metric with its help text. */
static void metric(const struct sheet *sheet, const char *name, const char *type, const char *help,
                   double value)
{
    fprintf(sheet->out, "# HELP maskmill_%s %s\n# TYPE maskmill_%s %s\n", name, help, name, type);
    fprintf(sheet->out, "maskmill_%s{%s} %.17g\n", name, sheet->labels, value);
}

static void outcome(const struct sheet *sheet, const char *status, uint64_t value)
{
    fprintf(sheet->out, "maskmill_%s_total{%s%sstatus=\"%s\"} %llu\n", sheet->words->items,
            sheet->labels, sheet->labels[0] ? "," : "", status, (unsigned long long)value);
}

static void write_totals(const struct sheet *sheet, const struct progress_counts *counts)
{
    const struct item_words *words = sheet->words;
    char start[64];
    char name[128];
    char help[128];
    fprintf(sheet->out,
            "# HELP maskmill_%s_total %s tried since the start, by outcome.\n"
            "# TYPE maskmill_%s_total counter\n",
            words->items, capital(words->items, start), words->items);
    outcome(sheet, "done", counts->done);
    outcome(sheet, "failed", counts->failed);
    metric(sheet, join(name, "", words->results, "_total"), "counter",
           join(help, "", capital(words->results, start), " written since the start."),
           (double)counts->results);
    metric(sheet, "output_bytes_total", "counter", "Bytes of output written since the start.",
           (double)counts->bytes);
    metric(sheet, "work_seconds_total", "counter",
           join(help, "Time spent on ", words->items, ", over all workers."), counts->seconds);
}

static void write_state(const struct sheet *sheet, const struct progress_counts *counts)
{
    const struct item_words *words = sheet->words;
    uint64_t through = counts->done + counts->failed;
    uint64_t left = counts->expected > through ? counts->expected - through : 0;
    char start[64];
    char name[128];
    char help[128];
    capital(words->items, start);
    metric(sheet, join(name, "", words->items, "_done_before"), "gauge",
           join(help, "", start, " found done at the start."), (double)counts->done_before);
    if (counts->expected != ITEMS_UNKNOWN)
        metric(sheet, join(name, "", words->items, "_left"), "gauge",
               join(help, "", start, " of this start that are left."), (double)left);
    metric(sheet, join(name, "", words->items, "_per_second"), "gauge",
           join(help, "", start, " a second, over the last minute."), counts->rate);
    metric(sheet, "start_time_seconds", "gauge", "Start, in seconds since 1970.",
           counts->start_time);
    metric(sheet, join(name, "last_", words->item, "_time_seconds"), "gauge",
           join(help, "Last ", words->item, ", in seconds since 1970."), counts->last_time);
    metric(sheet, "running", "gauge", "1 while the run goes on.", counts->status < 0);
    if (counts->status >= 0)
        metric(sheet, "exit_status", "gauge", "Exit status of the run that has ended.",
               counts->status);
}

int progress_write_metrics(const struct progress_options *options,
                           const struct progress_counts *counts, struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return error_set(error, ERROR_MEMORY, "no memory for metrics");
    const struct sheet sheet = {out, options->labels, options->words};
    write_totals(&sheet, counts);
    write_state(&sheet, counts);
    int failed = ferror(out);
    failed |= fclose(out);
    const char *name;
    struct folder *folder = failed ? NULL : folder_of(options->metrics, &name, error);
    int status = folder ? atomic_write(folder, name, text, size, NULL, error) : -1;
    if (failed)
        error_set(error, ERROR_MEMORY, "no memory for metrics");
    folder_close(folder);
    free(text);
    return status;
}
