/* fetch_main.c - `maskmill fetch-model`. */
#include <stdio.h>

#include "base/error.h"
#include "program/arguments.h"
#include "program/commands.h"
#include "program/fetch.h"
#include "program/model_zoo.h"

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
    const char *path = NULL;
    const struct arguments arguments = {
        .command = "fetch-model",
        .print_help = print_help,
        .options = {{.name = "output", .letter = 'o', .value = &path}},
        .wanted = "one name",
        .may_lack = true, /* to say then which names there are */
    };
    const char *name;
    int status;
    if (!arguments_read(&arguments, argc, argv, &name, &status))
        return status;
    const struct official *official = name ? official_by_name(name) : NULL;
    if (official)
        return run_command(official, path ? path : official->file);
    fprintf(stderr, "maskmill fetch-model: %s:\n",
            name ? "no published model has that name; there are" : "one name is needed");
    print_names(stderr);
    return EXIT_USAGE;
}
