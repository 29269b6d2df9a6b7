/* status_main.c - `maskmill status` and `maskmill merge`: a run over all its shards' ledgers. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "jobs/ledger_status.h"
#include "pipeline/commands.h"

enum { WATCH_SECONDS = 5 };

static void print_status_help(void)
{
    puts(
        "usage: maskmill status [options] DIR\n\n"
        "Says how the run in DIR is doing, from the ledgers of all its shards: images done, "
        "failed\n"
        "and left, images/s, time left. Works while it runs and from any machine that sees DIR.\n\n"
        "      --json    one JSON object\n"
        "      --watch   again every 5 seconds until nothing is left\n"
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
        fflush(stdout);
        bool over = !watch || status.left == 0;
        int exit_status = status.failed ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
        ledger_status_free(&status);
        if (over)
            return exit_status;
        sleep(WATCH_SECONDS);
    }
}

int status_main(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"watch", no_argument, NULL, 'w'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    bool json = false;
    bool watch = false;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h') {
            print_status_help();
            return EXIT_ALL_DONE;
        }
        if (option == '?')
            return EXIT_USAGE;
        json = json || option == 'j';
        watch = watch || option == 'w';
    }
    if (optind + 1 != argc) {
        fputs("maskmill status: the folder of one run is needed; see --help\n", stderr);
        return EXIT_USAGE;
    }
    return show(argv[optind], json, watch);
}

int merge_main(int argc, char **argv)
{
    struct error error;
    struct ledger_run_status status;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_merge_help();
        return EXIT_ALL_DONE;
    }
    if (argc != 2 || argv[1][0] == '-') {
        fputs("maskmill merge: the folder of one run is needed; see --help\n", stderr);
        return EXIT_USAGE;
    }
    if (ledger_merge(argv[1], &status, &error))
        return report("merge", &error);
    ledger_status_print(&status, stdout);
    int exit_status = status.failed ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
    ledger_status_free(&status);
    return exit_status;
}
