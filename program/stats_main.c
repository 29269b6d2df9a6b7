/* stats_main.c - `maskmill stats`. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/plain_text.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/decoder.h"
#include "program/stats_report.h"
#include "records/record_none.h"
#include "records/record_stream.h"
#include "records/stats.h"

static void work(void *context, struct record_entry *entry)
{
    (void)context;
    entry->data = stats_measure(&entry->record, &entry->error);
}

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct stats *stats = context;
    (void)error;
    if (entry->usable) {
        stats_add(stats, &entry->record, entry->data);
    } else {
        stats->refused++;
        plain_line(stderr, "maskmill stats: %s", entry->error.text);
    }
    return 0;
}

static int report(const struct stats *stats, bool json, struct error *error)
{
    struct json_text text = {0};
    if (!json) {
        stats_print(stats);
        return 0;
    }
    stats_json(stats, &text);
    return command_print_json(&text, error);
}

static int measure(struct stats *stats, const struct settings *settings, const char *folder,
                   struct error *error)
{
    struct decoder decoder = {0};
    int result = decoder_start_and_open(&decoder, settings, error);
    const struct record_stream stream = {.trust_folder = settings->trust_folder,
                                         .max_pixels = settings->max_pixels,
                                         .pool = decoder.pool,
                                         .work = work,
                                         .visit = visit,
                                         .context = stats};
    if (result == 0)
        result = record_stream(&stream, folder, error);
    if (result == 0 && stats->records == 0 && !stats->refused)
        result = record_none(folder, error);
    decoder_stop(&decoder);
    return result;
}

enum exit_status stats_main(struct command_line *line)
{
    struct error error;
    struct stats *stats = malloc(sizeof *stats);
    int result = stats ? 0 : error_set(&error, ERROR_MEMORY, "no memory");
    bool refused = false;
    if (result == 0) {
        stats_begin(stats);
        result = measure(stats, &line->settings, line->operands[0], &error);
        refused = stats->refused;
    }
    if (result == 0)
        result = report(stats, line->settings.json, &error);
    free(stats);
    if (result)
        return command_fail(line->command, &error);
    return refused ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
