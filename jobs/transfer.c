#include "jobs/transfer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "jobs/retry.h"
#include "jobs/transfer_process.h"

enum { LINE_MOST = 300 }; /* bytes of the last line in a message */

/* The quote that is open after `c`, if `quote` was before: ', " or 0. */
static char quote_after(char quote, char c)
{
    if (c != '\'' && c != '"')
        return quote;
    return quote == 0 ? c : quote == c ? (char)0 : quote;
}

static int refuse(const struct transfer_command *command, const char *what, struct error *error)
{
    return error_set(error, ERROR_USAGE,
                     "%s '%.250s': %s; expected a command with {} twice, for the name to copy from "
                     "and the name to copy to, such as 'aws s3 cp {} {}', or one that uses "
                     "\"$1\" and \"$2\"",
                     command->option, command->text, what);
}

/* Writes the script, in which "$1" and "$2" stand for {}. Returns their number, or -1. */
static int write_script(const struct transfer_command *command, struct error *error)
{
    char quote = 0;
    int count = 0;
    char *out = command->script;
    for (const char *at = command->text; *at; at++) {
        if (at[0] == '\\' && at[1] && quote != '\'') {
            *out++ = *at++;
            *out++ = *at;
            continue;
        }
        if (at[0] == '{' && at[1] == '}') {
            if (quote)
                return refuse(command, "{} stands in quotes, but names need none", error);
            count++;
            memcpy(out, count == 1 ? "\"$1\"" : "\"$2\"", 4);
            out += 4;
            at++;
            continue;
        }
        quote = quote_after(quote, *at);
        *out++ = *at;
    }
    *out = '\0';
    return count;
}

static bool uses_both(const char *text)
{
    return (strstr(text, "$1") || strstr(text, "${1")) &&
           (strstr(text, "$2") || strstr(text, "${2"));
}

int transfer_parse(struct transfer_command *command, const char *option, const char *text,
                   struct error *error)
{
    *command = (struct transfer_command){.option = option, .text = text};
    command->script = malloc(2 * strlen(text) + 1); /* {} becomes "$1" */
    if (!command->script)
        return error_set(error, ERROR_MEMORY, "no memory for the command of %s", option);
    int count = write_script(command, error);
    int status = count < 0 ? -1 : 0;
    if (count == 0 && !uses_both(text))
        status = refuse(command, "it has no {}", error);
    else if (count == 1 || count > 2)
        status =
            refuse(command, count == 1 ? "{} is there once" : "{} is there more than twice", error);
    if (status)
        transfer_free(command);
    return status;
}

void transfer_free(struct transfer_command *command)
{
    free(command->script);
    command->script = NULL;
}

static int fail(const struct transfer_command *command, const struct transfer_copy *copy,
                struct transfer_process *process, struct error *error)
{
    int number =
        WIFSIGNALED(process->status) ? WTERMSIG(process->status) : WEXITSTATUS(process->status);
    const char *how = WIFSIGNALED(process->status) ? "signal"
                      : number == 0                ? "no file was made, with status"
                                                   : "status";
    const char *line = transfer_process_last_line(process);
    return error_set(error, ERROR_IO, "%s: cannot copy '%.250s' to '%.250s': %s %d%s%.*s",
                     command->option, copy->source, copy->destination, how, number,
                     *line ? ": " : "", LINE_MOST, line);
}

static int give_up(const struct transfer_command *command, const struct transfer_copy *copy,
                   struct error *error)
{
    return error_set(error, ERROR_STOPPED, "%s: '%.250s' was not copied: the run was stopped",
                     command->option, copy->source);
}

static bool is_made(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int try_once(const struct transfer_command *command, const struct transfer_copy *copy,
                    const struct transfer_patience *patience, struct error *error)
{
    struct transfer_process process;
    const char *const words[3] = {command->script, copy->source, copy->destination};
    if (copy->to_file && unlink(copy->destination) && errno != ENOENT)
        return error_set_system(error, ERROR_IO, errno, "%s: cannot remove '%s'", command->option,
                                copy->destination);
    if (patience->stopping(patience->context))
        return give_up(command, copy, error);
    if (transfer_process_run(&process, words, patience->stopping, patience->context, error))
        return error_prefix(error, "%s", command->option);
    if (process.ended)
        return give_up(command, copy, error);
    bool good = WIFEXITED(process.status) && WEXITSTATUS(process.status) == 0 &&
                (!copy->to_file || is_made(copy->destination));
    return good ? 0 : fail(command, copy, &process, error);
}

/* False if it is to give up. */
static bool sleep_for(double seconds, const struct transfer_patience *patience)
{
    double end = clock_now() + seconds;
    while (!patience->stopping(patience->context)) {
        if (clock_now() >= end)
            return true;
        poll(NULL, 0, 50);
    }
    return false;
}

int transfer_run(const struct transfer_command *command, const struct transfer_copy *copy,
                 const struct transfer_patience *patience, struct error *error)
{
    uint64_t salt = hash_bytes(copy->source, strlen(copy->source));
    for (int attempt = 0;; attempt++) {
        if (try_once(command, copy, patience, error) == 0)
            return 0;
        if (copy->to_file)
            unlink(copy->destination); /* what a failed attempt has left */
        if (error->code == ERROR_STOPPED)
            return -1;
        if (attempt >= patience->retries)
            return patience->retries > 0 ? error_append(error, " (tried %d times)", attempt + 1)
                                         : -1;
        if (patience->failed)
            patience->failed(patience->context, error);
        if (!sleep_for(retry_delay(attempt, salt), patience))
            return give_up(command, copy, error);
    }
}
