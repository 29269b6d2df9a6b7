#include "images/tar_input.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/child_end.h"
#include "images/tar_name.h"
#include "images/tar_wire.h"

enum { ASK_MILLISECONDS = 250 }; /* between two questions whether to wait on */

struct tar_input {
    struct tar_input_options options; /* path: owned */
    int socket;                       /* to the child; -1 once nothing more can be read */
    struct image_shared shared;
    struct error failure; /* why; ERROR_NONE at the end */
    char name[TAR_NAME_MAX];
    char target[2 * TAR_NAME_MAX];
    unsigned char *bytes; /* owned: of the member */
    size_t capacity;
    union {
        struct tar_reply child;
        struct image_reply server;
    } reply;
};

int tar_input_join(struct tar_input **input, const struct tar_input_options *options, int socket,
                   struct image_shared *shared, struct error *error)
{
    struct tar_input *made = memory_new(1, sizeof *made, "tar", error);
    char *path = made ? strdup(options->path) : NULL;
    *input = made;
    if (path) {
        made->options = *options;
        made->options.path = path;
        made->options.file = NULL; /* it is open */
        made->socket = socket;
        made->shared = *shared;
        return 0;
    }
    memory_free(made);
    *input = NULL;
    close(socket);
    image_shared_free(shared);
    return error_set(error, ERROR_MEMORY, "%s: no memory to read it", options->path);
}

static void leave_child(struct tar_input *input)
{
    if (input->socket >= 0)
        close(input->socket);
    input->socket = -1;
}

void tar_input_close(struct tar_input *input)
{
    if (!input)
        return;
    leave_child(input);
    image_shared_free(&input->shared);
    free((char *)input->options.path);
    free(input->bytes);
    memory_free(input);
}

/* Ends the reading with the error that says why. */
static int fail(struct tar_input *input, struct error *error)
{
    leave_child(input);
    input->failure = *error;
    return -1;
}

/* The child was lost through no fault of the tar. */
static int fail_lost(struct tar_input *input, const char *how, struct error *error)
{
    error_set(error, ERROR_IO,
              "%s: the process that reads it was %s: killed by hand, or because memory ran out",
              input->options.path, how);
    error->system = ECHILD;
    return fail(input, error);
}

static int fail_invalid(struct tar_input *input, struct error *error)
{
    error_set(error, ERROR_IO, "%s: the process that reads it gave an invalid reply; leave it out",
              input->options.path);
    return fail(input, error);
}

static int fail_starved(struct tar_input *input, struct error *error)
{
    error_set_system(error, ERROR_MEMORY, ENOMEM, "%s: cannot be read", input->options.path);
    return fail(input, error);
}

static int fail_ended(struct tar_input *input, int status, struct error *error)
{
    const char *path = input->options.path;
    switch (child_end(status)) {
    case CHILD_STARVED:
        return fail_starved(input, error);
    case CHILD_KILLED:
        return fail_lost(input, "killed", error);
    case CHILD_FREE:
        error_set(error, ERROR_UNSUPPORTED,
                  "%s: this system has no seccomp filter for the process that reads it", path);
        error->system = ECHILD;
        break;
    case CHILD_LATE:
        error_set(error, ERROR_IO,
                  "%s: nothing more was read from it in %g s of computing: it holds far too much, "
                  "or never ends; raise --image-timeout or leave it out",
                  path, input->options.seconds);
        break;
    case CHILD_OVER:
        error_set(error, ERROR_IO,
                  "%s: to unpack it takes more than %llu MiB; raise --memory, or pack it with a "
                  "smaller dictionary",
                  path, (unsigned long long)(input->options.memory_bytes >> 20));
        break;
    case CHILD_CAUGHT:
        error_set(error, ERROR_IO,
                  "%s: the process that reads it made a system call that no reader makes: the tar "
                  "may be an attack; leave it out",
                  path);
        break;
    case CHILD_CRASHED:
        error_set(error, ERROR_IO,
                  "%s: the process that reads it crashed (%s); copy it again or leave it out", path,
                  child_end_text(status));
    }
    return fail(input, error);
}

/* What the server says of the child. */
static int fail_child(struct tar_input *input, struct error *error)
{
    const struct image_reply *reply = &input->reply.server;
    if (reply->kind == IMAGE_CHILD_ENDED)
        return fail_ended(input, reply->status, error);
    error_set_system(error, ERROR_IO, reply->status,
                     "%s: no process for reading it (ulimit -u, a limit of the cgroup)",
                     input->options.path);
    error->system = ECHILD;
    return fail(input, error);
}

/* Whether a text in a reply has this size and no other NUL than its last byte. */
static bool is_text(const char *text, uint32_t size)
{
    return size >= 1 && size <= TAR_NAME_MAX && strnlen(text, size) == size - 1;
}

/* Whether a reply of `size` bytes is one to the request. Its texts are terminated then. */
static bool is_reply(const struct tar_reply *reply, size_t size, enum tar_request request)
{
    const size_t texts = offsetof(struct tar_reply, text);
    if (size < texts || reply->name_size > TAR_NAME_MAX || reply->target_size > TAR_NAME_MAX ||
        size != texts + reply->name_size + reply->target_size ||
        !is_text(reply->text, reply->name_size) ||
        !is_text(reply->text + reply->name_size, reply->target_size))
        return false;
    switch (reply->answer) {
    case TAR_END:
        return request == TAR_NEXT;
    case TAR_MEMBER:
        return request == TAR_NEXT && reply->kind <= TAR_SPECIAL;
    case TAR_BYTES:
        return request == TAR_PART && reply->size <= TAR_WINDOW;
    case TAR_DAMAGED:
        return reply->system == 0 ||
               (reply->system <= INT_MAX && image_errno_of_reading((int)reply->system));
    default:
        return reply->answer == TAR_STARVED;
    }
}

/* Waits for a message. False if nobody wants it any more. */
static bool wait_for_message(const struct tar_input *input)
{
    const struct tar_input_options *options = &input->options;
    struct pollfd socket = {.fd = input->socket, .events = POLLIN};
    while (options->stopping && poll(&socket, 1, ASK_MILLISECONDS) <= 0)
        if (options->stopping(options->context))
            return false;
    return true;
}

/* Receives a message to input->reply. Returns its size; or -1 if server and child are gone. */
static ssize_t receive(struct tar_input *input)
{
    for (;;) {
        ssize_t got = recv(input->socket, &input->reply, sizeof input->reply, 0);
        if (got > 0)
            return got;
        /* ECONNRESET, of a request that nobody has read, comes once and before what was sent. */
        if (got == 0 || (errno != EINTR && errno != ECONNRESET))
            return -1;
    }
}

/* The child says that it cannot go on. */
static int fail_reading(struct tar_input *input, struct error *error)
{
    const struct tar_reply *reply = &input->reply.child;
    if (reply->answer == TAR_STARVED)
        return fail_starved(input, error);
    error_set(error, ERROR_IO, "%s: %s", input->options.path, reply->text);
    error->system = (int)reply->system;
    return fail(input, error);
}

/* Sends a request and receives the reply of the child, which is checked. Returns 0 or -1. */
static int ask(struct tar_input *input, enum tar_request request, struct error *error)
{
    ssize_t sent;
    if (input->socket < 0) {
        *error = input->failure;
        return -1;
    }
    do
        sent = send(input->socket, &request, sizeof request, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (!wait_for_message(input)) {
        error_set(error, ERROR_STOPPED, "%s: not read to its end", input->options.path);
        return fail(input, error);
    }
    /* A child that is gone cannot be sent to; what ended it can be received. */
    ssize_t got = receive(input);
    if (got < 0)
        return fail_lost(input, "lost", error);
    if (got == sizeof(struct image_reply) && input->reply.server.kind != IMAGE_ANSWER)
        return fail_child(input, error);
    if (input->reply.child.by != IMAGE_ANSWER ||
        !is_reply(&input->reply.child, (size_t)got, request))
        return fail_invalid(input, error);
    return input->reply.child.answer >= TAR_DAMAGED ? fail_reading(input, error) : 0;
}

/* Takes the member's name out of the reply and checks it. */
static int take_name(struct tar_input *input, struct tar_member *member, struct error *error)
{
    const struct tar_reply *reply = &input->reply.child;
    memcpy(input->name, reply->text, reply->name_size);
    member->name = input->name;
    if (member->kind != TAR_FILE && member->kind != TAR_LINK)
        return 0;
    if (reply->cut)
        return error_set(error, ERROR_IMAGE, "%s: the name of the member \"%.200s...\" is too long",
                         input->options.path, input->name);
    if (tar_name_tidy(input->name))
        return error_set(error, ERROR_IMAGE, "%s: the member \"%.200s\" leads out of the folder",
                         input->options.path, input->name);
    return 0;
}

/* Sets member->target. */
static void take_target(struct tar_input *input, struct tar_member *member)
{
    const struct tar_reply *reply = &input->reply.child;
    const char *path = reply->text + reply->name_size;
    const char *slash = reply->hard ? NULL : strrchr(input->name, '/');
    size_t folder = slash ? (size_t)(slash - input->name) : 0;
    bool absolute = !reply->hard && path[0] == '/';
    if (!absolute && tar_name_follow(input->target, input->name, folder, path) == 0)
        member->target = input->target;
}

/* Frees the last member's bytes if they are more than is ordinary. */
static void forget_large(struct tar_input *input)
{
    if (!input->options.make_room || input->capacity <= input->options.large)
        return;
    free(input->bytes);
    input->bytes = NULL;
    input->capacity = 0;
}

int tar_input_next(struct tar_input *input, struct tar_member *member, struct error *error)
{
    *member = (struct tar_member){0};
    forget_large(input);
    if (input->socket < 0 && input->failure.code == ERROR_NONE)
        return 0;
    if (ask(input, TAR_NEXT, error))
        return -1;
    if (input->reply.child.answer == TAR_END) {
        leave_child(input);
        return 0;
    }
    member->kind = (enum tar_kind)input->reply.child.kind;
    if (take_name(input, member, error))
        return -1;
    if (member->kind == TAR_LINK)
        take_target(input, member);
    return 1;
}

/* Has room made, once for a member, before it grows from `size` bytes past what is ordinary. */
static void announce(const struct tar_input *input, size_t size, size_t part)
{
    const struct tar_input_options *options = &input->options;
    if (options->make_room && size <= options->large && part > options->large - size)
        options->make_room(options->context);
}

/* The size in the header is not trusted: the bytes are counted. */
int tar_input_read(struct tar_input *input, struct tar_member *member, struct error *error)
{
    size_t size = 0;
    size_t part;
    do {
        if (ask(input, TAR_PART, error))
            return -1;
        part = input->reply.child.size;
        if (part > input->options.most - size)
            return error_set(error, ERROR_IMAGE,
                             "%s: %s has more than %zu MiB; raise --memory or leave it out",
                             input->options.path, input->name, input->options.most >> 20);
        announce(input, size, part);
        if (memory_grow((void **)&input->bytes, &input->capacity, size + part + 1, 1, error))
            return -1;
        memcpy(input->bytes + size, input->shared.bytes, part);
        size += part;
    } while (part == TAR_WINDOW);
    member->bytes = input->bytes;
    member->size = size;
    return 0;
}
