#include "program/arguments.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>

#include "program/commands.h"

enum { LONG_BASE = 256 }; /* getopt's value of option i is LONG_BASE + i */

struct getopt_tables {
    struct option options[ARGUMENTS_MOST + 2];
    char letters[3 + 2 * ARGUMENTS_MOST];
};

static void make_tables(const struct arguments *arguments, struct getopt_tables *tables)
{
    const struct argument *argument = arguments->options;
    char *letter = tables->letters;
    int count = 0;
    *letter++ = ':'; /* missing values are reported by us */
    *letter++ = 'h';
    for (; count < ARGUMENTS_MOST && argument[count].name; count++) {
        bool valued = argument[count].value;
        tables->options[count] =
            (struct option){argument[count].name, valued ? required_argument : no_argument, NULL,
                            LONG_BASE + count};
        if (argument[count].letter) {
            *letter++ = argument[count].letter;
            if (valued)
                *letter++ = ':';
        }
    }
    *letter = '\0';
    tables->options[count] = (struct option){"help", no_argument, NULL, 'h'};
}

static const struct argument *find(const struct arguments *arguments, int found)
{
    const struct argument *argument = arguments->options;
    if (found >= LONG_BASE)
        return &argument[found - LONG_BASE];
    while (argument->letter != found)
        argument++;
    return argument;
}

/* A message and the exit status for wrong usage. */
static int refuse(const struct arguments *arguments, const char *what, const char *why)
{
    fprintf(stderr, "maskmill %s: %s%s; see --help\n", arguments->command, what, why);
    return EXIT_USAGE;
}

bool arguments_read(const struct arguments *arguments, int argc, char **argv, const char **operand,
                    int *status)
{
    struct getopt_tables tables = {0};
    make_tables(arguments, &tables);
    *status = EXIT_ALL_DONE;
    optind = 0; /* glibc: start afresh */
    opterr = 0;
    for (int found;
         (found = getopt_long(argc, argv, tables.letters, tables.options, NULL)) != -1;) {
        if (found == 'h') {
            arguments->print_help();
            return false;
        }
        if (found == ':' || found == '?') {
            *status = refuse(arguments, argv[optind - 1],
                             found == ':' ? ": a value is missing" : ": there is no such option");
            return false;
        }
        const struct argument *argument = find(arguments, found);
        if (argument->flag)
            *argument->flag = true;
        else
            *argument->value = optarg;
    }
    int given = argc - optind;
    *operand = given ? argv[optind] : NULL;
    if (given == 1 || (given == 0 && arguments->may_lack))
        return true;
    *status = refuse(arguments, arguments->wanted, arguments->may_lack ? " at most" : " is needed");
    return false;
}
