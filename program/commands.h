/* commands.h - the subcommands that main dispatches to, and the exit statuses they share.
 *
 * Each takes argc and argv with argv[0] the subcommand's name, prints to standard output and
 * standard error, and returns an exit status. */
#ifndef PROGRAM_COMMANDS_H
#define PROGRAM_COMMANDS_H

enum exit_status {
    EXIT_ALL_DONE = 0,         /* everything asked for is done */
    EXIT_SOME_FAILED = 1,      /* some images or records could not be done; the others are */
    EXIT_USAGE = 2,            /* the command line or a configuration is wrong; nothing was begun */
    EXIT_ENVIRONMENT = 3,      /* the model, the disk or the memory stopped the work */
    EXIT_STOPPED = 4,          /* a signal or a time limit ended it with work left */
    EXIT_TOO_MANY_FAILURES = 5 /* --max-failures ended it */
};

int run_main(int argc, char **argv);
int info_main(int argc, char **argv);
int fetch_main(int argc, char **argv);
int bench_main(int argc, char **argv);
int eval_main(int argc, char **argv);
int export_main(int argc, char **argv);
int verify_main(int argc, char **argv);
int stats_main(int argc, char **argv);
int status_main(int argc, char **argv);
int merge_main(int argc, char **argv);

#endif
