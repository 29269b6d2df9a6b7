/* options.h - the command line of `maskmill run` into settings, and its --help out of them. */
#ifndef PROGRAM_COMMAND_LINE_H
#define PROGRAM_COMMAND_LINE_H

#include <stdio.h>

struct error;
struct settings;

/* Reads argv (argv[0] is the subcommand) into `settings`, which must be initialised. The inputs,
 * in order, are argv[*first .. argc - 1] afterwards: argv is permuted as getopt does.
 * Returns 0, or -1 (ERROR_USAGE, ERROR_MEMORY). */
int options_parse(struct settings *settings, int argc, char **argv, int *first,
                  struct error *error);

/* Prints the table as help text: groups, names, defaults. */
void options_help(FILE *to);

#endif
