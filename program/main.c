/* main.c - which subcommand, and whether what it printed has arrived; nothing else. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "program/commands.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
};

static const struct command commands[] = {
    {"run", run_main, "find the masks of images and folders of images"},
    {"status", status_main, "say how a run is doing, over all its shards"},
    {"merge", merge_main, "put the ledgers of all shards together"},
    {"export", export_main, "write records that are there in other formats"},
    {"verify", verify_main, "check every record of a folder"},
    {"stats", stats_main, "describe the masks of a folder"},
    {"info", info_main, "say what a model file holds"},
    {"fetch-model", fetch_main, "download an official checkpoint and check its hash"},
    {"eval", eval_main, "judge a model or records by images whose segments are known"},
    {"bench", bench_main, "say where the time of an image goes"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *to)
{
    fputs("maskmill " MASKMILL_VERSION ": masks of everything in photographs, Segment Anything's"
          " automatic stage in C\n\nusage: maskmill COMMAND [options] ...\n\n",
          to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].help);
    fputs("\n  maskmill COMMAND --help   the options of a command\n"
          "  maskmill --version\n",
          to);
}

static int dispatch(int argc, char **argv)
{
    const char *wanted = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(wanted, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(wanted, "--version") == 0) {
        puts("maskmill " MASKMILL_VERSION);
        return EXIT_ALL_DONE;
    }
    if (strcmp(wanted, "--help") == 0 || strcmp(wanted, "-h") == 0) {
        print_help(stdout);
        return EXIT_ALL_DONE;
    }
    if (*wanted)
        fprintf(stderr, "maskmill: %s: there is no such command\n\n", wanted);
    print_help(stderr);
    return EXIT_USAGE;
}

/* Whether some of what was printed is lost. A full disk shows as late as here, where the buffer is
 * written, and on NFS when the file is closed. A standard output that was closed from the start
 * matters only to who prints. */
static bool output_is_cut(void)
{
    errno = 0;
    return fflush(stdout) || ferror(stdout) || (fclose(stdout) && errno != EBADF);
}

int main(int argc, char **argv)
{
    int status = dispatch(argc, argv);
    if (!output_is_cut())
        return status;
    fprintf(stderr, "maskmill: standard output: %s\n",
            errno ? strerror(errno) : "it could not all be written");
    return EXIT_ENVIRONMENT;
}
