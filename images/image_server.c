/* The server: starts a child for each worker that asks, and tells it how the child ended. The other
 * side of image_worker.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "images/image.h"
#include "images/image_wire.h"
#include "images/tar_wire.h"

/* Makes this process end with its parent. */
static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
}

/* A child of the server, and the server's copy of the child's socket. */
struct served {
    pid_t process;
    int socket;
};

/* The server's state. */
struct server {
    int control;
    sigset_t before; /* the signals blocked outside of serving */
    struct served *children;
    size_t count, capacity;
};

/* Tells a worker about its child. */
static void report(int socket, enum image_reply_kind kind, int status)
{
    const struct image_reply reply = {.kind = kind, .status = status};
    ssize_t sent = send(socket, &reply, sizeof reply, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* a worker that has left its child hears nothing */
}

/* Takes in all children that have ended. */
static void reap(struct server *server)
{
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < server->count; i++)
            if (server->children[i].process == ended) {
                report(server->children[i].socket, IMAGE_CHILD_ENDED, status);
                close(server->children[i].socket);
                server->children[i] = server->children[--server->count];
                break;
            }
}

/* In a new child. */
static void be_child(const struct server *server, pid_t parent, enum image_child_kind kind,
                     const int descriptors[2])
{
    die_with(parent);
    close(server->control);
    for (size_t i = 0; i < server->count; i++)
        close(server->children[i].socket);
    signal(SIGALRM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &server->before, NULL);
    _exit(kind == IMAGE_CHILD_OF_TAR ? tar_child_serve(descriptors[0], descriptors[1])
                                     : image_child_serve(descriptors[0], descriptors[1]));
}

/* Keeps descriptors[0] open while the child lives. */
static void fork_child(struct server *server, enum image_child_kind kind, const int descriptors[2])
{
    struct error error;
    pid_t self = getpid();
    pid_t process = -1;
    errno = ENOMEM;
    if (memory_grow((void **)&server->children, &server->capacity, server->count + 1,
                    sizeof *server->children, &error) == 0)
        process = fork();
    if (process == 0)
        be_child(server, self, kind, descriptors);
    if (process > 0) {
        server->children[server->count++] = (struct served){process, descriptors[0]};
    } else {
        report(descriptors[0], IMAGE_NO_CHILD, errno);
        close(descriptors[0]);
    }
    close(descriptors[1]);
}

/* Interrupts ppoll and does nothing else. */
static void note_child(int number)
{
    (void)number;
}

/* Signals: SIGCHLD arrives only within ppoll; those that stop a run concern the program alone. */
static void set_signals(sigset_t *before)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};
    struct sigaction action = {.sa_handler = note_child};
    sigset_t children;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, before);
    sigaction(SIGCHLD, &action, NULL);
}

/* Until the control socket is closed. */
static void serve_all(struct server *server)
{
    sigset_t waiting = server->before;
    sigdelset(&waiting, SIGCHLD);
    for (;;) {
        struct pollfd ready = {server->control, POLLIN, 0};
        enum image_child_kind kind;
        int descriptors[2];
        int count = ppoll(&ready, 1, NULL, &waiting);
        reap(server);
        if (count <= 0)
            continue;
        int got = image_receive_descriptors(server->control, &kind, descriptors);
        if (got == 0)
            return;
        if (got > 0)
            fork_child(server, kind, descriptors);
    }
}

void image_server_run(int control)
{
    struct server server = {.control = IMAGE_SERVER_SOCKET};
    struct error error;
    if (dup2(control, server.control) < 0)
        return;
    set_signals(&server.before);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* Decoders print warnings that do not name the file. */
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int standard = 0; standard <= 2 && nowhere >= 0; standard++)
        dup2(nowhere, standard);
    if (image_library_start(&error))
        return;
    close_range(IMAGE_SERVER_SOCKET + 1, ~0U, 0);
    serve_all(&server);
    free(server.children);
}
