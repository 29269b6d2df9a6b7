/* info_main.c - `maskmill info`. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json_text.h"
#include "pipeline/commands.h"
#include "pipeline/inspect.h"

static void print_help(void)
{
    puts(
        "usage: maskmill info [--json] [MODEL]\n\n"
        "Loads a checkpoint (without MODEL: the built-in one), checks every tensor, and says what\n"
        "it is: architecture, sizes, parameters, dtype, SHA-256, which published file it is, its\n"
        "metadata, and the thresholds that a run with it uses where none are given.\n\n"
        "      --json  as one JSON object\n"
        "  -h, --help\n\n"
        "Exit status: 0 usable, 2 usage, 3 not usable.");
}

static int report(const struct inspection *inspection, bool json, struct error *error)
{
    struct json_text text = {0};
    if (!json) {
        inspect_print(inspection, stdout);
        return 0;
    }
    inspect_json(inspection, &text);
    char *made = json_text_take(&text, NULL, error);
    if (!made)
        return -1;
    fputs(made, stdout);
    free(made);
    return 0;
}

static int run_command(const char *path, bool json)
{
    struct error error;
    struct inspection inspection;
    int failed = inspect_model(&inspection, path, &error);
    if (!failed) {
        failed = report(&inspection, json, &error);
        inspect_free(&inspection);
    }
    if (!failed)
        return EXIT_ALL_DONE;
    fprintf(stderr, "maskmill info: %s\n", error.text);
    return EXIT_ENVIRONMENT;
}

int info_main(int argc, char **argv)
{
    enum { JSON = 256 };
    static const struct option options[] = {
        {"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, 'h'}, {0}};
    bool json = false;
    int option;
    optind = 0;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return EXIT_ALL_DONE;
        }
        if (option != JSON) {
            fputs("Try 'maskmill info --help'.\n", stderr);
            return EXIT_USAGE;
        }
        json = true;
    }
    if (argc - optind > 1) {
        fputs("maskmill info: one model at a time\nTry 'maskmill info --help'.\n", stderr);
        return EXIT_USAGE;
    }
    return run_command(argv[optind], json);
}
