/* stats_main.c - `maskmill stats`. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json_text.h"
#include "program/arguments.h"
#include "program/commands.h"
#include "program/stats_report.h"
#include "records/record_stream.h"
#include "records/stats.h"

static void print_help(void)
{
    puts("usage: maskmill stats DIR [--json]\n\n"
         "Says what the records under DIR look like: masks an image, areas, scores, size relative\n"
         "to the image, concavity, and where the masks' centres lie.\n\n"
         "      --json  as one JSON object, with counts for each interval\n"
         "  -h, --help\n\n"
         "Exit status: 0 all records read, 1 some left out, 2 usage, 3 environment.");
}

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
        fprintf(stderr, "maskmill stats: %s\n", entry->error.text);
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
    char *made = json_text_take(&text, NULL, error);
    if (!made)
        return -1;
    fputs(made, stdout);
    free(made);
    return 0;
}

static int run_command(const char *folder, bool json)
{
    struct error error;
    struct stats *stats = malloc(sizeof *stats);
    int result = stats ? 0 : error_set(&error, ERROR_MEMORY, "no memory");
    bool refused = false;
    if (result == 0) {
        stats_begin(stats);
        const struct record_stream stream = {.work = work, .visit = visit, .context = stats};
        result = record_stream(&stream, folder, &error);
        refused = stats->refused;
    }
    if (result == 0)
        result = report(stats, json, &error);
    free(stats);
    if (result) {
        fprintf(stderr, "maskmill stats: %s\n", error.text);
        return EXIT_ENVIRONMENT;
    }
    return refused ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}

int stats_main(int argc, char **argv)
{
    bool json = false;
    const struct arguments arguments = {
        .command = "stats",
        .print_help = print_help,
        .options = {{.name = "json", .flag = &json}},
        .wanted = "one folder of records",
    };
    const char *folder;
    int status;
    return arguments_read(&arguments, argc, argv, &folder, &status) ? run_command(folder, json)
                                                                    : status;
}
