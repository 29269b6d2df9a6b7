#include "jobs/transfer_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "jobs/transfer.h"

/* Milliseconds between two looks at a process: while it may print, when its end shows at once, and after. */
enum { TICK = 50, LAST_TICK = 10 };

/* Its standard input is empty; both of its outputs go to `out`. 0 or an errno value. */
static int redirect(posix_spawn_file_actions_t *actions, int out)
{
    int failed = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(actions, out, STDERR_FILENO);
    return failed ? failed : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

/* Signals that this program blocks or ignores are as usual in the command. 0 or an errno value. */
static int prepare(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &usual);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

/* 0 or an errno value. */
static int spawn(const char *const script_and_names[3], int out, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char *arguments[] = {"sh",
                         "-c",
                         (char *)script_and_names[0],
                         "sh",
                         (char *)script_and_names[1],
                         (char *)script_and_names[2],
                         NULL};
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = redirect(&actions, out);
        if (!failed)
            failed = prepare(&attributes);
        if (!failed)
            failed = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static void keep(struct transfer_process *process, const char *bytes, size_t size)
{
    size_t most = TRANSFER_TAIL;
    if (process->used + size > most) { /* a read is no longer than the tail */
        size_t dropped = process->used + size - most;
        memmove(process->tail, process->tail + dropped, process->used - dropped);
        process->used -= dropped;
    }
    memcpy(process->tail + process->used, bytes, size);
    process->used += size;
    process->tail[process->used] = '\0';
}

/* Takes what was printed so far; waits for it up to `wait` milliseconds. Closes the pipe at its end
 * and sets it to -1. */
static void take_output(struct transfer_process *process, int *pipe, int wait)
{
    char bytes[TRANSFER_TAIL];
    struct pollfd ready = {.fd = *pipe, .events = POLLIN};
    if (poll(&ready, 1, wait) <= 0 || *pipe < 0)
        return;
    ssize_t got = read(*pipe, bytes, sizeof bytes);
    if (got > 0)
        keep(process, bytes, (size_t)got);
    if (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN)))
        return;
    close(*pipe);
    *pipe = -1;
}

/* Whether it has ended. It stays a zombie, so that its number, which is its group's, is not used
 * again. */
static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

static void wait_for(struct transfer_process *process, pid_t pid, int *pipe,
                     bool (*stopping)(void *context), void *context)
{
    double since = 0; /* when it was told to end */
    while (!has_ended(pid)) {
        take_output(process, pipe, *pipe >= 0 ? TICK : LAST_TICK);
        if (!process->ended && stopping(context)) {
            process->ended = true;
            since = clock_now();
            kill(-pid, SIGTERM);
        } else if (process->ended && clock_now() - since > TRANSFER_GRACE) {
            kill(-pid, SIGKILL);
        }
    }
    /* What it printed last, but not what a process that outlives it may print. */
    for (size_t i = 0; *pipe >= 0 && i < 64; i++)
        take_output(process, pipe, 0);
}

/* Ends what is left of a failed attempt, so that it does not go on beside the next one, and takes
 * the exit status. */
static int reap(struct transfer_process *process, pid_t pid, struct error *error)
{
    siginfo_t info = {0};
    bool known = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0;
    if (known && !(info.si_code == CLD_EXITED && info.si_status == 0))
        kill(-pid, SIGKILL);
    while (known && waitpid(pid, &process->status, 0) < 0)
        known = errno == EINTR;
    return known ? 0
                 : error_set(error, ERROR_IO,
                             "the exit status of a command is lost: do not start this program "
                             "with SIGCHLD ignored");
}

int transfer_process_run(struct transfer_process *process, const char *const script_and_names[3],
                         bool (*stopping)(void *context), void *context, struct error *error)
{
    int ends[2];
    pid_t pid;
    *process = (struct transfer_process){0};
    if (pipe2(ends, O_CLOEXEC))
        return error_set_system(error, ERROR_IO, errno, "no pipe for a command");
    int failed = spawn(script_and_names, ends[1], &pid);
    close(ends[1]);
    if (failed) {
        close(ends[0]);
        return error_set_system(error, failed == ENOMEM ? ERROR_MEMORY : ERROR_IO, failed,
                                "/bin/sh cannot be started");
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    wait_for(process, pid, &ends[0], stopping, context);
    if (ends[0] >= 0)
        close(ends[0]);
    return reap(process, pid, error);
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ';
}

const char *transfer_process_last_line(struct transfer_process *process)
{
    char *start = process->tail;
    char *end = start + process->used;
    while (end > start && is_blank(end[-1]))
        end--;
    *end = '\0';
    while (end > start && end[-1] != '\n' && end[-1] != '\r' && end[-1] != '\0')
        end--;
    while (is_blank(*end) && *end)
        end++;
    return end;
}
