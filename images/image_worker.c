#include "images/image_worker.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "images/child_end.h"
#include "images/image_file.h"
#include "images/image_strips.h"
#include "images/image_wire.h"

/* A child ends itself at its time limit. One that cannot, because it waits for a disk that does not
 * answer, is given up after this many more seconds (ETIMEDOUT): that is not the image's fault. */
static const double grace = 2.0;

struct image_worker {
    struct image_server *server;
    struct image_worker_options options;
    struct image_shared shared;
    bool is_shared; /* a child has been given the shared memory */
    int socket;     /* to the child; -1 if there is none */
    struct image_request request;
    int32_t width, height; /* of the image that is open */
    double left;           /* seconds of the time limit, for the next request */
    struct image_notes notes;
    bool over; /* the last request ended the child because of its limit on memory */
};

struct image_worker *image_worker_new(struct image_server *server,
                                      const struct image_worker_options *options,
                                      struct error *error)
{
    struct image_worker *worker = memory_new(1, sizeof *worker, "image worker", error);
    if (!worker)
        return NULL;
    worker->server = server;
    worker->options = *options;
    worker->socket = -1;
    if (image_shared_new(&worker->shared, error) == 0)
        return worker;
    memory_free(worker);
    return NULL;
}

void image_worker_limit(struct image_worker *worker, uint64_t memory_bytes)
{
    worker->options.memory_bytes = memory_bytes;
}

bool image_worker_over(const struct image_worker *worker)
{
    return worker->over;
}

static void leave_child(struct image_worker *worker)
{
    if (worker->socket >= 0)
        close(worker->socket);
    worker->socket = -1;
}

void image_worker_free(struct image_worker *worker)
{
    if (!worker)
        return;
    leave_child(worker);
    image_shared_free(&worker->shared);
    memory_free(worker);
}

/* Leaves a child that has ended since its last reply, or has replied without a request. */
static void leave_ended(struct image_worker *worker)
{
    struct pollfd ended = {worker->socket, POLLIN, 0};
    if (worker->socket >= 0 && poll(&ended, 1, 0) != 0)
        leave_child(worker);
}

/* The child was lost through no fault of the image. */
static int fail_lost(const struct image_worker *worker, const char *how, struct error *error)
{
    error_set(error, ERROR_IO,
              "%s: the process that decodes it was %s: killed by hand, or because memory ran out",
              worker->request.name, how);
    error->system = ECHILD;
    return -1;
}

/* Asks the server for a child unless there is one. */
static int join_child(struct image_worker *worker, struct error *error)
{
    int ends[2];
    if (worker->socket >= 0)
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return error_set_system(error, ERROR_IO, errno, "no socket for decoding images");
    const int theirs[2] = {ends[1], worker->shared.descriptor};
    worker->is_shared = true;
    int status = image_server_ask(worker->server, IMAGE_CHILD_OF_IMAGES, theirs);
    int reason = errno;
    close(ends[1]);
    worker->socket = ends[0];
    if (status == 0)
        return 0;
    leave_child(worker);
    if (image_peer_gone(reason))
        return fail_lost(worker, "lost", error);
    return error_set_system(error, ERROR_IO, reason, "no process for decoding images");
}

/* Waits for a reply until the child's time is over. Returns 0; or an errno: ETIMEDOUT; ECHILD if
 * the server is gone and took its children along; EPROTO if what came is no reply. */
static int receive(struct image_worker *worker, struct image_reply *reply, double start)
{
    double seconds = worker->request.seconds;
    for (;;) {
        struct pollfd ready = {worker->socket, POLLIN, 0};
        double left = seconds > 0 ? start + seconds + grace - clock_now() : 3600.0;
        int count = left > 0 ? poll(&ready, 1, (int)(left * 1000.0) + 1) : 0;
        if (count == 0 && seconds > 0)
            return ETIMEDOUT;
        ssize_t got = count > 0 ? recv(worker->socket, reply, sizeof *reply, MSG_DONTWAIT) : -1;
        if (got == sizeof *reply)
            return 0;
        if (got >= 0)
            return got == 0 ? ECHILD : EPROTO;
        /* ECONNRESET, of a request that nobody has read, comes once and before what was sent. */
        if (count != 0 && errno != EINTR && errno != EAGAIN && errno != ECONNRESET)
            return errno;
    }
}

static int fail_late(const struct image_worker *worker, struct error *error)
{
    return error_set(error, ERROR_IMAGE,
                     "%s: not decoded in %g s; raise --image-timeout or leave it out",
                     worker->request.name, worker->options.seconds);
}

static int fail_over(struct image_worker *worker, struct error *error)
{
    worker->over = true;
    return error_set(error, ERROR_IMAGE,
                     "%s: its decoder needed more than %llu MiB; raise --memory or leave it out",
                     worker->request.name,
                     (unsigned long long)(worker->request.memory_bytes >> 20));
}

/* The child has ended with this status of waitpid. */
static int fail_ended(struct image_worker *worker, int status, struct error *error)
{
    const char *name = worker->request.name;
    switch (child_end(status)) {
    case CHILD_LATE:
        return fail_late(worker, error);
    case CHILD_STARVED:
        return error_set_system(error, ERROR_MEMORY, ENOMEM, "%s: cannot be decoded", name);
    case CHILD_OVER:
        if (worker->request.memory_bytes)
            return fail_over(worker, error);
        break;
    case CHILD_FREE:
        return error_set(error, ERROR_UNSUPPORTED,
                         "%s: this system has no seccomp filter for its decoder", name);
    case CHILD_CAUGHT:
        return error_set(error, ERROR_IMAGE,
                         "%s: its decoder made a system call that no decoder makes: the image may "
                         "be an attack; leave it out",
                         name);
    case CHILD_KILLED:
        return fail_lost(worker, "killed", error);
    case CHILD_CRASHED:
        break;
    }
    return error_set(error, ERROR_IMAGE, "%s: its decoder crashed (%s); leave it out or convert it",
                     name, child_end_text(status));
}

/* Such a child may be in an attacker's hands, so the next image gets another. */
static int fail_invalid(struct image_worker *worker, struct error *error)
{
    leave_child(worker);
    return error_set(error, ERROR_IMAGE, "%s: its decoder gave an invalid reply; leave it out",
                     worker->request.name);
}

/* `reason`: an errno of receive, or 0 and a reply of the server. */
static int fail_child(struct image_worker *worker, int reason, const struct image_reply *reply,
                      struct error *error)
{
    const char *name = worker->request.name;
    leave_child(worker);
    if (reason == ECHILD)
        return fail_lost(worker, "lost", error);
    if (reason == EPROTO)
        return fail_invalid(worker, error);
    if (reason)
        return error_set_system(error, ERROR_IO, reason, "%s: cannot be decoded", name);
    if (reply->kind == IMAGE_CHILD_ENDED)
        return fail_ended(worker, reply->status, error);
    if (reply->kind != IMAGE_NO_CHILD)
        return fail_invalid(worker, error);
    int forking = reply->status == ENOMEM || reply->status == EPERM ? reply->status : EAGAIN;
    return error_set_system(error, ERROR_IO, forking,
                            "%s: no process for decoding it (ulimit -u, a limit of the cgroup)",
                            name);
}

/* Whether the request is about what the child has open. */
static bool goes_on(enum image_request_kind kind)
{
    return kind == IMAGE_PIXELS || kind == IMAGE_UNPACK || kind == IMAGE_ROWS;
}

/* Sends worker->request, with a descriptor unless that is -1, to a child that waits for one. A child
 * that has ended is replaced; if the request is about what it had open, that is lost. 0 or -1. */
static int send_request(struct image_worker *worker, int descriptor, struct error *error)
{
    struct image_request *request = &worker->request;
    const struct image_message message = {
        .bytes = request,
        .size = offsetof(struct image_request, name) + strlen(request->name) + 1,
        .count = descriptor >= 0,
        .descriptors = {descriptor},
    };
    leave_ended(worker);
    if (worker->socket < 0 && goes_on(request->kind))
        return fail_lost(worker, "lost", error);
    if (join_child(worker, error))
        return -1;
    if (image_send(worker->socket, &message) == 0 || image_peer_gone(errno))
        return 0; /* the reply says why */
    int reason = errno;
    leave_child(worker);
    return error_set_system(error, ERROR_IO, reason, "%s: cannot be decoded", request->name);
}

/* Takes seconds off those that are left for an image; they never become 0, which means no limit. */
static void count_time(struct image_worker *worker, double seconds)
{
    static const double least = 0.001;
    if (worker->options.seconds > 0)
        worker->left = worker->left > seconds + least ? worker->left - seconds : least;
}

/* Sends worker->request, with a descriptor unless that is -1, and receives the answer. 0 or -1. */
static int ask(struct image_worker *worker, int descriptor, struct image_answer *answer,
               struct error *error)
{
    struct image_request *request = &worker->request;
    struct image_reply reply = {0};
    *answer = (struct image_answer){0};
    request->seconds = worker->left;
    request->memory_bytes = worker->options.memory_bytes;
    worker->over = false;
    if (send_request(worker, descriptor, error))
        return -1;
    double start = clock_now();
    int reason = receive(worker, &reply, start);
    count_time(worker, clock_now() - start);
    if (reason || reply.kind != IMAGE_ANSWER)
        return fail_child(worker, reason, &reply, error);
    if (!image_reply_check(&reply, request, answer))
        return fail_invalid(worker, error);
    if (answer->error.code != ERROR_NONE) {
        *error = answer->error;
        return -1;
    }
    worker->notes = answer->notes;
    return 0;
}

struct image_notes image_worker_notes(const struct image_worker *worker)
{
    return worker->notes;
}

/* A child that was given up may still live, so the next one gets memory of its own. */
static int renew_shared(struct image_worker *worker, struct error *error)
{
    leave_ended(worker);
    if (worker->socket >= 0 || !worker->is_shared)
        return 0;
    worker->is_shared = false;
    image_shared_free(&worker->shared);
    return image_shared_new(&worker->shared, error);
}

static int begin_request(struct image_worker *worker, enum image_request_kind kind,
                         const char *name, size_t size, const struct image_options *options,
                         struct error *error)
{
    struct image_request *request = &worker->request;
    worker->over = false;
    request->kind = kind;
    request->options = options ? *options : (struct image_options){0};
    request->size = size;
    size_t length = strlen(name);
    if (length >= IMAGE_NAME_MAX)
        return error_set(error, ERROR_IMAGE, "%.100s...: the name is too long", name);
    memcpy(request->name, name, length + 1);
    return renew_shared(worker, error);
}

/* Asks for a header. */
static int ask_header(struct image_worker *worker, int descriptor, struct image_answer *answer,
                      struct error *error)
{
    worker->left = worker->options.seconds;
    if (ask(worker, descriptor, answer, error))
        return -1;
    worker->width = answer->header.width;
    worker->height = answer->header.height;
    return 0;
}

/* Begins a request about the file, opens it unless it is open, and asks for its header. The file is
 * opened here, where a file system that does not answer holds the run up; its bytes are read by the
 * child. */
static int ask_header_of(struct image_worker *worker, enum image_request_kind kind,
                         const struct image_input *file, const struct image_options *options,
                         struct image_answer *answer, struct error *error)
{
    if (begin_request(worker, kind, file->name, 0, options, error))
        return -1;
    if (file->descriptor >= 0)
        return ask_header(worker, file->descriptor, answer, error);
    int descriptor = image_file_descriptor(file->name, error);
    if (descriptor < 0)
        return -1;
    int status = ask_header(worker, descriptor, answer, error);
    close(descriptor);
    return status;
}

/* Opens the image in a file. */
static int open_input(struct image_worker *worker, const struct image_input *file,
                      const struct image_options *options, struct image_header *header,
                      struct error *error)
{
    struct image_answer answer;
    if (ask_header_of(worker, IMAGE_OPEN, file, options, &answer, error))
        return -1;
    *header = answer.header;
    return 0;
}

int image_worker_open(struct image_worker *worker, const char *path,
                      const struct image_options *options, struct image_header *header,
                      struct error *error)
{
    const struct image_input file = {path, -1};
    return open_input(worker, &file, options, header, error);
}

int image_worker_open_memory(struct image_worker *worker, const struct image_bytes *file,
                             const struct image_options *options, struct image_header *header,
                             struct error *error)
{
    struct image_answer answer;
    if (begin_request(worker, IMAGE_OPEN, file->name, file->size, options, error))
        return -1;
    if (file->size == 0)
        return error_set(error, ERROR_IMAGE, "%s: the file is empty; copy it again", file->name);
    if (image_shared_grow(&worker->shared, file->size, error))
        return error_prefix(error, "%s", file->name);
    memcpy(worker->shared.bytes, file->bytes, file->size);
    if (ask_header(worker, -1, &answer, error))
        return -1;
    *header = answer.header;
    return 0;
}

int image_worker_pixels(struct image_worker *worker, struct image *image, struct error *error)
{
    enum { KEPT_BYTES = 4 << 20 }; /* pages that are not worth a call */
    struct image_answer answer;
    size_t begin = image_shared_pixels(worker->request.size);
    size_t bytes = (size_t)worker->width * (size_t)worker->height * 3;
    worker->request.kind = IMAGE_PIXELS;
    if (image_shared_grow(&worker->shared, begin + bytes, error))
        return error_prefix(error, "%s", worker->request.name);
    if (ask(worker, -1, &answer, error))
        return -1;
    if (image_reserve(image, worker->width, worker->height, error))
        return error_prefix(error, "%s", worker->request.name);
    memcpy(image->rgb, worker->shared.bytes + begin, bytes);
    if (begin + bytes > KEPT_BYTES)
        image_shared_clear(&worker->shared);
    return 0;
}

/* Decodes the image that is open, if it fits into the worker's memory. */
static int read_pixels(struct image_worker *worker, const struct image_header *header,
                       struct image *image, struct error *error)
{
    uint64_t most = worker->options.memory_bytes;
    uint64_t pixels = 3 * (uint64_t)header->width * (uint64_t)header->height;
    uint64_t beside = 2 * pixels + worker->request.size; /* here, and in shared memory */
    uint64_t bytes = header->decoder_bytes + beside;
    worker->over = most && bytes > most;
    if (worker->over)
        return error_set(error, ERROR_IMAGE,
                         "%s: its %d x %d pixels may take %llu MB, more than the %llu MB that are "
                         "left for it; raise --memory or leave it out",
                         worker->request.name, header->width, header->height,
                         (unsigned long long)(bytes >> 20), (unsigned long long)(most >> 20));
    worker->options.memory_bytes = most ? most - beside : 0;
    int status = image_worker_pixels(worker, image, error);
    worker->options.memory_bytes = most;
    return status;
}

int image_worker_read_input(struct image_worker *worker, const struct image_input *file,
                            const struct image_options *options, struct image *image,
                            struct error *error)
{
    struct image_header header;
    if (open_input(worker, file, options, &header, error))
        return -1;
    return read_pixels(worker, &header, image, error);
}

int image_worker_read(struct image_worker *worker, const char *path,
                      const struct image_options *options, struct image *image, struct error *error)
{
    const struct image_input file = {path, -1};
    return image_worker_read_input(worker, &file, options, image, error);
}

int image_worker_read_memory(struct image_worker *worker, const struct image_bytes *file,
                             const struct image_options *options, struct image *image,
                             struct error *error)
{
    struct image_header header;
    if (image_worker_open_memory(worker, file, options, &header, error))
        return -1;
    return read_pixels(worker, &header, image, error);
}

int image_worker_header_input(struct image_worker *worker, const struct image_input *file,
                              const struct image_options *options, struct image_header *header,
                              struct error *error)
{
    struct image_answer answer;
    if (ask_header_of(worker, IMAGE_HEADER, file, options, &answer, error))
        return -1;
    *header = answer.header;
    return 0;
}

int image_worker_header(struct image_worker *worker, const char *path,
                        const struct image_options *options, struct image_header *header,
                        struct error *error)
{
    const struct image_input file = {path, -1};
    return image_worker_header_input(worker, &file, options, header, error);
}

/* Has the open strips turned upright in a temporary file. */
static int unpack(struct image_worker *worker, const struct image_header *header,
                  struct error *error)
{
    struct image_answer answer;
    int descriptor = image_strips_file(header, worker->request.name, error);
    if (descriptor < 0)
        return -1;
    worker->request.kind = IMAGE_UNPACK;
    int status = ask(worker, descriptor, &answer, error);
    close(descriptor);
    return status;
}

int image_worker_strips(struct image_worker *worker, const char *path,
                        const struct image_options *options, struct image_header *header,
                        struct error *error)
{
    struct image_answer answer;
    const struct image_input file = {path, -1};
    if (ask_header_of(worker, IMAGE_STRIPS, &file, options, &answer, error))
        return -1;
    *header = answer.header;
    return answer.turned ? unpack(worker, header, error) : 0;
}

int image_worker_rows(struct image_worker *worker, int32_t y, int32_t height, struct image *window,
                      struct error *error)
{
    struct image_answer answer;
    worker->left = worker->options.seconds;
    worker->request.kind = IMAGE_ROWS;
    worker->request.y = y;
    worker->request.height = height;
    if (image_shared_grow(&worker->shared, (size_t)worker->width * (size_t)height * 3, error) ||
        ask(worker, -1, &answer, error))
        return -1;
    *window = (struct image){worker->width, height, worker->shared.bytes, 0};
    return 0;
}
