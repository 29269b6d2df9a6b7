/* status_main.c - `maskmill status` and `maskmill merge`: a run over all its shards' ledgers. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "jobs/ledger_status.h"
#include "program/arguments.h"
#include "program/commands.h"

enum { WATCH_SECONDS = 5 };

static void print_status_help(void)
{
    puts(
        "usage: maskmill status [options] DIR\n\n"
        "Says how the run in DIR is doing, from the ledgers of all its shards: images done, "
        "failed\n"
        "and left, images/s, time left. Works while it runs and from any machine that sees DIR.\n\n"
        "      --json    one JSON object\n"
        "      --watch   again every 5 seconds until nothing is left; with tars, until no shard "
        "runs\n"
        "  -h, --help\n\n"
        "Exit status: 0 nothing failed, 1 some images failed, 2 usage, 3 there is no run.");
}

static void print_merge_help(void)
{
    puts("usage: maskmill merge DIR\n\n"
         "Puts the ledgers of all shards of the run in DIR together: DIR/ledger.ndjson has the\n"
         "latest line of each image, DIR/failed.ndjson those that failed.\n\n"
         "Exit status: 0 nothing failed, 1 some images failed, 2 usage, 3 environment.");
}

static int report(const char *name, const struct error *error)
{
    fprintf(stderr, "maskmill %s: %s\n", name, error->text);
    return EXIT_ENVIRONMENT;
}

static int show(const char *folder, bool json, bool watch)
{
    struct error error;
    for (;;) {
        struct ledger_run_status status;
        if (ledger_status_read(folder, &status, &error))
            return report("status", &error);
        if (watch && !json && isatty(STDOUT_FILENO))
            fputs("\033[H\033[J", stdout); /* clear the terminal */
        (json ? ledger_status_print_json : ledger_status_print)(&status, stdout);
        bool cut = fflush(stdout) || ferror(stdout); /* main says so */
        bool over = !watch || ledger_status_over(&status) || cut;
        int exit_status = status.failed ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
        ledger_status_free(&status);
        if (over)
            return exit_status;
        sleep(WATCH_SECONDS);
    }
}

int status_main(int argc, char **argv)
{
    bool json = false;
    bool watch = false;
    const struct arguments arguments = {
        .command = "status",
        .print_help = print_status_help,
        .options = {{.name = "json", .flag = &json}, {.name = "watch", .flag = &watch}},
        .wanted = "the folder of one run",
    };
    const char *folder;
    int status;
    return arguments_read(&arguments, argc, argv, &folder, &status) ? show(folder, json, watch)
                                                                    : status;
}

static int merge(const char *folder)
{
    struct error error;
    struct ledger_run_status status;
    if (ledger_merge(folder, &status, &error))
        return report("merge", &error);
    ledger_status_print(&status, stdout);
    int exit_status = status.failed ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
    ledger_status_free(&status);
    return exit_status;
}

int merge_main(int argc, char **argv)
{
    const struct arguments arguments = {
        .command = "merge",
        .print_help = print_merge_help,
        .wanted = "the folder of one run",
    };
    const char *folder;
    int status;
    return arguments_read(&arguments, argc, argv, &folder, &status) ? merge(folder) : status;
}
