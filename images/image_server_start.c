/* The program's side of the server: start, start again, stop. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "images/cage.h"
#include "images/image_wire.h"
#include "images/image_worker.h"

struct image_server {
    pthread_mutex_t mutex; /* guards all below */
    pid_t process;         /* 0 if it is gone and could not be started again */
    int control;
    int dumpable; /* this process, before the start */
};

/* Forks a server. Returns 0 or an errno. */
static int fork_server(struct image_server *server)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return errno;
    pid_t parent = getpid();
    pid_t process = fork();
    if (process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        if (getppid() == parent)
            image_server_run(ends[1]);
        _exit(0);
    }
    int reason = process < 0 ? errno : 0;
    close(ends[1]);
    if (reason)
        close(ends[0]);
    else
        *server = (struct image_server){
            .mutex = PTHREAD_MUTEX_INITIALIZER, .process = process, .control = ends[0]};
    return reason;
}

int image_server_start(struct image_server **server, struct error *error)
{
    *server = NULL;
    if (cage_check(error))
        return -1;
    *server = memory_new(1, sizeof **server, "image server", error);
    if (!*server)
        return -1;
    int dumpable = prctl(PR_GET_DUMPABLE);
    prctl(PR_SET_DUMPABLE, 0);
    int reason = fork_server(*server);
    (*server)->dumpable = dumpable;
    if (reason == 0)
        return 0;
    prctl(PR_SET_DUMPABLE, dumpable);
    error_set_system(error, ERROR_UNSUPPORTED, reason, "no process for decoding images");
    memory_free(*server);
    *server = NULL;
    return -1;
}

void image_server_main(void)
{
    image_server_run(IMAGE_SERVER_SOCKET);
}

/* Executes this program as a server with `control` as its socket. Returns 0 or an errno. No signal
 * is blocked there. */
static int spawn_server(pid_t *process, int control)
{
    char program[] = "/proc/self/exe";
    char name[] = "maskmill";
    char argument[] = IMAGE_SERVER_ARGUMENT;
    char *const arguments[] = {name, argument, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int reason = posix_spawn_file_actions_init(&actions);
    if (reason)
        return reason;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    reason = posix_spawn_file_actions_adddup2(&actions, control, IMAGE_SERVER_SOCKET);
    if (reason == 0)
        reason = posix_spawn(process, program, &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return reason;
}

/* Takes in a server that is gone. */
static void leave_server(struct image_server *server)
{
    if (server->process == 0)
        return;
    close(server->control);
    kill(server->process, SIGKILL);
    while (waitpid(server->process, NULL, 0) < 0 && errno == EINTR)
        continue;
    server->process = 0;
}

/* Starts a server in the place of one that is gone. 0 or -1 with errno set. */
static int renew_server(struct image_server *server)
{
    int ends[2];
    pid_t process;
    leave_server(server);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return -1;
    int reason = spawn_server(&process, ends[1]);
    close(ends[1]);
    if (reason) {
        close(ends[0]);
        errno = reason;
        return -1;
    }
    server->process = process;
    server->control = ends[0];
    return 0;
}

int image_server_ask(struct image_server *server, enum image_child_kind kind,
                     const int descriptors[2])
{
    char byte = (char)kind;
    const struct image_message message = {&byte, 1, 2, {descriptors[0], descriptors[1]}};
    int status = -1;
    pthread_mutex_lock(&server->mutex);
    if (server->process)
        status = image_send(server->control, &message);
    if (status && (server->process == 0 || image_peer_gone(errno)))
        status = renew_server(server) ? -1 : image_send(server->control, &message);
    int reason = errno;
    pthread_mutex_unlock(&server->mutex);
    errno = reason;
    return status;
}

void image_server_stop(struct image_server *server)
{
    if (!server)
        return;
    if (server->process) {
        close(server->control);
        while (waitpid(server->process, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    prctl(PR_SET_DUMPABLE, server->dumpable);
    pthread_mutex_destroy(&server->mutex);
    memory_free(server);
}
