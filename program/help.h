/* help.h - what the tables of commands and options say, in every form: --help, the manual page,
 * completions of shells. */
#ifndef PROGRAM_HELP_H
#define PROGRAM_HELP_H

#include <stdio.h>

struct command;

/* The list of commands. */
void help_print_commands(FILE *to);

/* A command's --help: usage, description, options by group, exit statuses. */
void help_print(const struct command *command, FILE *to);

/* maskmill(1) in roff's man macros. */
void manual_print(FILE *to);

/* The completions of "bash", "zsh" or "fish", as a file that the shell reads. */
void completion_print(const char *shell, FILE *to);

#endif
