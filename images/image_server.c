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
    bool killed;
};

/* The server's state. */
struct server {
    int control;
    sigset_t before; /* the signals blocked outside of serving */
    struct served *children;
    size_t count, capacity;
    struct pollfd *watched; /* [1 + count]: control and the children's sockets */
    size_t watched_capacity;
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

/* Kills children whose worker has left them. A sound one ends by itself, but one that hangs, or is in
 * an attacker's hands, would work on. */
static void kill_left(struct server *server)
{
    for (size_t i = 0; i < server->count; i++)
        if (server->watched[1 + i].revents & (POLLHUP | POLLERR)) {
            kill(server->children[i].process, SIGKILL);
            server->children[i].killed = true;
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

static int make_room(struct server *server)
{
    struct error error;
    if (memory_grow((void **)&server->children, &server->capacity, server->count + 1,
                    sizeof *server->children, &error) ||
        memory_grow((void **)&server->watched, &server->watched_capacity, server->count + 2,
                    sizeof *server->watched, &error))
        return -1;
    return 0;
}

/* Keeps descriptors[0] open while the child lives. */
static void fork_child(struct server *server, enum image_child_kind kind, const int descriptors[2])
{
    pid_t self = getpid();
    pid_t process = -1;
    if (make_room(server) == 0)
        process = fork();
    else
        errno = ENOMEM;
    if (process == 0)
        be_child(server, self, kind, descriptors);
    if (process > 0) {
        server->children[server->count++] =
            (struct served){.process = process, .socket = descriptors[0]};
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

/* Waits for a request, for a child that ends, or for one that was left. Returns as poll. */
static int wait_for_events(struct server *server, const sigset_t *waiting)
{
    server->watched[0] = (struct pollfd){server->control, POLLIN, 0};
    for (size_t i = 0; i < server->count; i++) {
        const struct served *child = &server->children[i];
        server->watched[1 + i] = (struct pollfd){child->killed ? -1 : child->socket, 0, 0};
    }
    return ppoll(server->watched, 1 + server->count, NULL, waiting);
}

/* Takes a request from the control socket. False if that is closed. */
static bool serve_one(struct server *server)
{
    char byte; /* enum image_child_kind */
    struct image_message message = {.bytes = &byte, .size = 1};
    int got = image_receive(server->control, &message);
    if (got > 0 && message.count == 2)
        fork_child(server, byte == IMAGE_CHILD_OF_TAR ? IMAGE_CHILD_OF_TAR : IMAGE_CHILD_OF_IMAGES,
                   message.descriptors);
    return got != 0;
}

/* Until the control socket is closed. */
static void serve_all(struct server *server)
{
    sigset_t waiting = server->before;
    sigdelset(&waiting, SIGCHLD);
    for (bool open = make_room(server) == 0; open;) {
        int count = wait_for_events(server, &waiting);
        bool asked = count > 0 && server->watched[0].revents;
        if (count > 0)
            kill_left(server);
        reap(server);
        if (asked)
            open = serve_one(server);
    }
}

void image_server_run(int control)
{
    struct server server = {.control = IMAGE_SERVER_SOCKET};
    struct error error;
    if (dup2(control, server.control) < 0)
        return;
    set_signals(&server.before);
    prctl(PR_SET_DUMPABLE, 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* Decoders print warnings that do not name the file. */
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int standard = 0; standard <= 2 && nowhere >= 0; standard++)
        dup2(nowhere, standard);
    if (image_library_start(&error))
        return;
    image_library_load();
    close_range(IMAGE_SERVER_SOCKET + 1, ~0U, 0);
    serve_all(&server);
    free(server.children);
    free(server.watched);
}
