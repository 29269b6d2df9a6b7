/* command.h - the commands: what each is called, takes, says of itself and returns.
 *
 * main.c reads a command's options and operands and calls its function, which prints to standard
 * output and standard error and returns an exit status. */
#ifndef PROGRAM_COMMAND_H
#define PROGRAM_COMMAND_H

#include <stddef.h>
#include <stdio.h>

struct command_line;
struct error;
struct json_text;

enum exit_status {
    EXIT_ALL_DONE = 0,         /* everything asked for is done */
    EXIT_SOME_FAILED = 1,      /* some images or records could not be done; the others are */
    EXIT_USAGE = 2,            /* the command line or a configuration is wrong; nothing was begun */
    EXIT_ENVIRONMENT = 3,      /* the model, the disk or the memory stopped the work */
    EXIT_STOPPED = 4,          /* a signal or a time limit ended it with work left */
    EXIT_TOO_MANY_FAILURES = 5 /* --max-failures ended it */
};

/* What a shell may complete an operand to. */
enum operand_kind { OPERAND_NONE, OPERAND_PATH, OPERAND_FOLDER, OPERAND_MODEL, OPERAND_COMMAND };

struct command {
    const char *name;
    unsigned option_bit;  /* FOR_...: the options of settings.h that it takes */
    const char *summary;  /* for the list of commands */
    const char *synopsis; /* options and operands: "[options] INPUT... -o DIR" */
    const char *about;    /* one paragraph */
    const char *statuses; /* exit statuses, each with its meaning */

    enum operand_kind operand;
    const char *wanted;       /* the operands in a message; NULL: any number of operands */
    int least;                /* operands that must be there, 0 or 1 */
    int most;                 /* operands if `wanted` is set; 0: one */
    void (*values)(FILE *to); /* a list that belongs to the help, or NULL */

    enum exit_status (*run)(struct command_line *line);
};

/* The table, in the order of the list of commands; *count entries. */
const struct command *command_table(size_t *count);

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/* The exit status for the error's code. */
enum exit_status command_status(const struct error *error);

/* Prints "maskmill COMMAND: TEXT" to standard error; returns command_status. */
enum exit_status command_fail(const struct command *command, const struct error *error);

/* Prints a JSON text to standard output and frees it. Returns 0, or -1 with the errors of
 * json_text_take. */
int command_print_json(struct json_text *text, struct error *error);

enum exit_status run_main(struct command_line *line);
enum exit_status pipe_main(struct command_line *line);
enum exit_status predict_main(struct command_line *line);
enum exit_status status_main(struct command_line *line);
enum exit_status merge_main(struct command_line *line);
enum exit_status export_main(struct command_line *line);
enum exit_status verify_main(struct command_line *line);
enum exit_status stats_main(struct command_line *line);
enum exit_status report_main(struct command_line *line);
enum exit_status edges_main(struct command_line *line);
enum exit_status similar_main(struct command_line *line);
enum exit_status review_main(struct command_line *line);
enum exit_status show_main(struct command_line *line);
enum exit_status filter_main(struct command_line *line);
enum exit_status label_main(struct command_line *line);
enum exit_status info_main(struct command_line *line);
enum exit_status fetch_main(struct command_line *line);
enum exit_status eval_main(struct command_line *line);
enum exit_status bench_main(struct command_line *line);
enum exit_status help_main(struct command_line *line);

/* The lists in the help of export and fetch-model. */
void export_print_formats(FILE *to);
void fetch_print_models(FILE *to);

#endif
