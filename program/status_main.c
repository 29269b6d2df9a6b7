/* status_main.c - `maskmill status` and `maskmill merge`: the ledgers of all shards of a run. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "jobs/ledger_status.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/run/image_words.h"

enum { WATCH_SECONDS = 5 };

static enum exit_status status_of(struct ledger_run_status *status)
{
    enum exit_status result = status->failed ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
    ledger_status_free(status);
    return result;
}

static struct folder *open_run(const struct command_line *line, struct error *error)
{
    return folder_open(line->operands[0], line->settings.trust_folder, error);
}

enum exit_status status_main(struct command_line *line)
{
    struct error error;
    bool json = line->settings.json;
    bool watch = line->settings.watch;
    for (;;) {
        struct ledger_run_status status;
        struct folder *run = open_run(line, &error);
        int read = run ? ledger_status_read(run, &image_words, &status, &error) : -1;
        folder_close(run);
        if (read)
            return command_fail(line->command, &error);
        if (watch && !json && isatty(STDOUT_FILENO))
            fputs("\033[H\033[J", stdout); /* clear the terminal */
        (json ? ledger_status_print_json : ledger_status_print)(&status, stdout);
        bool cut = fflush(stdout) || ferror(stdout); /* main reports it */
        bool over = !watch || ledger_status_over(&status) || cut;
        enum exit_status result = status_of(&status);
        if (over)
            return result;
        sleep(WATCH_SECONDS);
    }
}

enum exit_status merge_main(struct command_line *line)
{
    struct error error;
    struct ledger_run_status status;
    struct folder *run = open_run(line, &error);
    int merged = run ? ledger_merge(run, &image_words, &status, &error) : -1;
    folder_close(run);
    if (merged)
        return command_fail(line->command, &error);
    ledger_status_print(&status, stdout);
    return status_of(&status);
}
