/* arguments.h - the command lines of the small subcommands: a few options and one operand. `run`,
 * `eval` and `bench`, whose options are the table of settings.h, and `export` read their own. */
#ifndef PROGRAM_ARGUMENTS_H
#define PROGRAM_ARGUMENTS_H

#include <stdbool.h>

struct argument {
    const char *name;   /* long form without the dashes */
    char letter;        /* short form; 0: none */
    bool *flag;         /* set to true by an option without a value; NULL for one with a value */
    const char **value; /* where the value of such a one goes */
};

enum { ARGUMENTS_MOST = 8 };

struct arguments {
    const char *command;                     /* the subcommand's name, for messages */
    void (*print_help)(void);                /* for --help and -h, which every subcommand has */
    struct argument options[ARGUMENTS_MOST]; /* up to one without a name */
    const char *wanted;                      /* the operand in a message: "one folder of records" */
    bool may_lack;                           /* the operand need not be there */
};

/* Reads the command line. Returns true to go on, with the operand (or NULL) in *operand; false when
 * all is said already, to standard output or standard error, with the exit status in *status. */
bool arguments_read(const struct arguments *arguments, int argc, char **argv, const char **operand,
                    int *status);

#endif
