/* command_line.h - the one parser of all commands' options. */
#ifndef PROGRAM_COMMAND_LINE_H
#define PROGRAM_COMMAND_LINE_H

#include "program/settings.h"

struct command;
struct error;

/* What the user asked for. */
struct command_line {
    const struct command *command;
    struct settings settings; /* owned */
    char *const *operands;    /* [operand_count], in the caller's argv */
    int operand_count;
};

/* Reads argv (argv[0] is the command's name) by the options that settings.h has for the command.
 * Permutes argv as getopt does. With --help the operands are not checked.
 * Returns 0, or -1 (ERROR_USAGE, ERROR_MEMORY); command_line_free in either case. */
int command_line_read(struct command_line *line, const struct command *command, int argc,
                      char **argv, struct error *error);
void command_line_free(struct command_line *line);

#endif
