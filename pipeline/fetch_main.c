/* fetch_main.c - `maskmill fetch-model`. */
#include <getopt.h>
#include <stdio.h>

#include "base/error.h"
#include "pipeline/commands.h"
#include "pipeline/fetch.h"
#include "pipeline/official.h"

static void print_names(FILE *to)
{
    size_t count;
    const struct official *table = official_table(&count);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %-12s %s, %s, %.1f MB, %s\n", table[i].name, table[i].title, table[i].file,
                (double)table[i].size / 1e6, table[i].licence);
}

static void print_help(void)
{
    puts("usage: maskmill fetch-model NAME [--output FILE]\n\n"
         "Downloads a published checkpoint with curl or wget and checks its SHA-256. NAME is one "
         "of");
    print_names(stdout);
    puts("\n  -o, --output FILE  where to put it (default: its own name, in the working folder)\n"
         "  -h, --help\n\n"
         "Exit status: 0 the right file is there, 2 usage, 3 it could not be had.");
}

static int run_command(const struct official *official, const char *path)
{
    struct error error;
    if (fetch_official(official, path, &error)) {
        fprintf(stderr, "maskmill fetch-model: %s\n", error.text);
        return EXIT_ENVIRONMENT;
    }
    printf("%s: %s, SHA-256 as published\n", path, official->title);
    return EXIT_ALL_DONE;
}

int fetch_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {0}};
    const char *path = NULL;
    int option;
    optind = 0;
    while ((option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return EXIT_ALL_DONE;
        }
        if (option != 'o') {
            fputs("Try 'maskmill fetch-model --help'.\n", stderr);
            return EXIT_USAGE;
        }
        path = optarg;
    }
    const struct official *official = optind + 1 == argc ? official_by_name(argv[optind]) : NULL;
    if (!official) {
        fprintf(stderr, "maskmill fetch-model: %s:\n",
                optind + 1 == argc ? "no published model has that name; there are"
                                   : "one name is needed");
        print_names(stderr);
        return EXIT_USAGE;
    }
    return run_command(official, path ? path : official->file);
}
