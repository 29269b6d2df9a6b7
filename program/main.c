/* main.c - reads the command and its options, runs it, and checks that what it printed arrived. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/plain_text.h"
#include "images/image_worker.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/help.h"

static enum exit_status run_command(const struct command *command, int argc, char **argv)
{
    struct command_line line;
    struct error error = {0};
    enum exit_status status = EXIT_ALL_DONE;
    if (command_line_read(&line, command, argc, argv, &error))
        status = command_fail(command, &error);
    else if (line.settings.help)
        help_print(command, stdout);
    else
        status = command->run(&line);
    command_line_free(&line);
    return status;
}

static enum exit_status dispatch(int argc, char **argv)
{
    const char *wanted = argc > 1 ? argv[1] : "";
    const struct command *command = command_find(wanted);
    if (command)
        return run_command(command, argc - 1, argv + 1);
    if (strcmp(wanted, "--version") == 0) {
        puts("maskmill " MASKMILL_VERSION);
        return EXIT_ALL_DONE;
    }
    if (strcmp(wanted, "--help") == 0 || strcmp(wanted, "-h") == 0) {
        help_print_commands(stdout);
        return EXIT_ALL_DONE;
    }
    if (*wanted) {
        plain_line(stderr, "maskmill: %s: there is no such command", wanted);
        fputc('\n', stderr);
    }
    help_print_commands(stderr);
    return EXIT_USAGE;
}

/* Whether part of the output was lost. A full disk may show only when the buffer is flushed, and on
 * NFS only when the file is closed. A standard output that was closed from the start matters only
 * to a command that prints. */
static bool output_is_cut(void)
{
    errno = 0;
    return fflush(stdout) || ferror(stdout) || (fclose(stdout) && errno != EBADF);
}

/* Takes the numbers of standard descriptors that are closed, before a file of ours could get them
 * and find messages among its data. Reading and writing still fail with EBADF, as if closed. */
static void hold_standard_descriptors(void)
{
    int descriptor;
    do
        descriptor = open("/", O_PATH);
    while (descriptor >= 0 && descriptor < 2);
    if (descriptor > 2)
        close(descriptor);
}

/* A mapped model was shortened: nothing can be read from it any more. */
static void end_by_bus_error(int number)
{
    static const char message[] =
        "maskmill: a file in use was shortened (SIGBUS), such as the model; start again, and "
        "replace models by renaming\n";
    (void)number;
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    _exit(EXIT_ENVIRONMENT);
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    /* A file beyond `ulimit -f` is an error like any other (EFBIG), here and in all children. */
    signal(SIGXFSZ, SIG_IGN);
    /* libvips would load plugins from there. */
    unsetenv("VIPSHOME");
    /* Products run on our own threads: OpenBLAS, if it is opened, need not start any. */
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
    if (argc == 2 && strcmp(argv[1], IMAGE_SERVER_ARGUMENT) == 0) {
        image_server_main();
        return EXIT_ALL_DONE;
    }
    signal(SIGBUS, end_by_bus_error);
    enum exit_status status = dispatch(argc, argv);
    if (!output_is_cut())
        return (int)status;
    fprintf(stderr, "maskmill: standard output: %s\n",
            errno ? strerror(errno) : "not all of it could be written");
    return EXIT_ENVIRONMENT;
}
