/* A child of the server: answers the requests of one worker (image_wire.h) from within the cage, and
 * says whose fault a failure is. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/memory.h"
#include "images/cage.h"
#include "images/image_source.h"
#include "images/image_strips.h"
#include "images/image_watch.h"
#include "images/image_wire.h"

/* Arms SIGALRM, which ends the process; 0 disarms it. */
static void set_alarm(double seconds)
{
    struct itimerval timer = {0};
    timer.it_value.tv_sec = (time_t)seconds;
    timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void *do_nothing(void *unused)
{
    return unused;
}

/* Whether as many threads may be started as decoders of HEIC and AVIF start. */
static bool has_threads(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int count = 0;
    while (count < THREADS && pthread_create(&threads[count], NULL, do_nothing, NULL) == 0)
        count++;
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    return count == THREADS;
}

static bool has_descriptor(void)
{
    int copy = dup(STDERR_FILENO);
    if (copy >= 0)
        close(copy);
    return copy >= 0;
}

/* What a decoder needs for the smallest image. */
enum { LEAST_BYTES = 16 << 20 };

/* libvips and its decoders call an image damaged, too, when memory, threads or descriptors run out,
 * so these are tried after a failure. The limit on this process is not among them: it ends the
 * process (image_watch.h). */
static void blame(const struct image_request *request, struct image_answer *answer)
{
    struct error *error = &answer->error;
    if (error->code != ERROR_IMAGE || error->system)
        return;
    if (!image_watch_may_have(LEAST_BYTES + answer->header.bytes))
        error_set_system(error, ERROR_MEMORY, ENOMEM, "%s: cannot be decoded", request->name);
    else if (!has_descriptor())
        error_set_system(error, ERROR_IO, EMFILE, "%s: cannot be decoded", request->name);
    else if (!has_threads())
        error_set_system(error, ERROR_IO, EAGAIN, "%s: no thread for its decoder", request->name);
}

/* A child's state between requests. */
struct child {
    struct image_shared shared;
    int descriptor;              /* that came with the request; -1: none, or taken over */
    struct image_strips *strips; /* NULL if none are open */
    struct image_source source;  /* if is_open */
    bool is_open;
};

/* As image_shared_map; the message begins with the image's name. */
static int map(struct image_shared *shared, size_t bytes, const char *name, struct error *error)
{
    return image_shared_map(shared, bytes, error) ? error_prefix(error, "%s", name) : 0;
}

/* The request's descriptor, which the caller takes over. */
static int take_descriptor(struct child *child)
{
    int descriptor = child->descriptor;
    child->descriptor = -1;
    return descriptor;
}

/* Opens the image that lies in shared memory. */
static int open_shared(struct child *child, const struct image_request *request,
                       struct error *error)
{
    return image_source_open_memory(&child->source, child->shared.bytes, request->size,
                                    request->name, &request->options, error);
}

/* Makes room for the pixels. A file before them may move with that; then it is opened again. */
static int make_room(struct child *child, const struct image_request *request, size_t bytes,
                     struct error *error)
{
    if (bytes <= child->shared.size || request->size == 0)
        return map(&child->shared, bytes, request->name, error);
    image_source_close(&child->source);
    child->is_open = false;
    if (map(&child->shared, bytes, request->name, error) || open_shared(child, request, error))
        return -1;
    child->is_open = true;
    return 0;
}

static void close_image(struct child *child)
{
    image_strips_free(child->strips);
    child->strips = NULL;
    if (child->is_open)
        image_source_close(&child->source);
    child->is_open = false;
    image_watch_trim();
}

static void open_image(struct child *child, const struct image_request *request,
                       struct image_answer *answer)
{
    int status;
    if (request->size == 0)
        status =
            image_source_open(&child->source, take_descriptor(child), request->name,
                              request->kind == IMAGE_HEADER, &request->options, &answer->error);
    else
        status = map(&child->shared, request->size, request->name, &answer->error) ||
                 open_shared(child, request, &answer->error);
    if (status)
        return;
    child->is_open = true;
    answer->header = child->source.header;
}

static void open_strips(struct child *child, const struct image_request *request,
                        struct image_answer *answer)
{
    if (image_strips_new(&child->strips, take_descriptor(child), request->name, &request->options,
                         &answer->turned, &answer->error) == 0)
        answer->header = image_strips_header(child->strips);
}

static void decode(struct child *child, const struct image_request *request,
                   struct image_answer *answer)
{
    answer->header = child->source.header;
    size_t begin = image_shared_pixels(request->size);
    size_t pixels = (size_t)answer->header.width * (size_t)answer->header.height;
    if (!image_watch_may_have(LEAST_BYTES + answer->header.bytes))
        error_set_system(&answer->error, ERROR_MEMORY, ENOMEM, "%s: cannot be decoded",
                         request->name); /* now, because some decoders abort without memory */
    else if (make_room(child, request, begin + 3 * pixels, &answer->error) == 0)
        image_source_all(&child->source, child->shared.bytes + begin, &answer->error);
    answer->notes = child->source.notes;
    close_image(child);
}

static void decode_rows(struct child *child, const struct image_request *request,
                        struct image_answer *answer)
{
    struct image window;
    if (image_strips_rows(child->strips, request->y, request->height, &window, &answer->error))
        return;
    answer->notes = image_strips_notes(child->strips);
    size_t bytes = (size_t)window.width * (size_t)window.height * 3;
    if (map(&child->shared, bytes, request->name, &answer->error) == 0)
        memcpy(child->shared.bytes, window.rgb, bytes);
}

/* Whether what the request goes on with is open. */
static bool is_open(const struct child *child, enum image_request_kind kind)
{
    if (kind == IMAGE_PIXELS)
        return child->is_open;
    return (kind != IMAGE_ROWS && kind != IMAGE_UNPACK) || child->strips;
}

static void answer_request(struct child *child, const struct image_request *request,
                           struct image_answer *answer)
{
    enum image_request_kind kind = request->kind;
    bool opens = kind == IMAGE_OPEN || kind == IMAGE_HEADER || kind == IMAGE_STRIPS;
    if (opens)
        close_image(child);
    if (((opens && request->size == 0) || kind == IMAGE_UNPACK) && child->descriptor < 0)
        error_set_system(&answer->error, ERROR_IO, EMFILE, "%s: cannot be decoded", request->name);
    else if (!is_open(child, kind))
        error_set(&answer->error, ERROR_IMAGE, "%s: its decoder has lost it", request->name);
    else if (kind == IMAGE_PIXELS)
        decode(child, request, answer);
    else if (kind == IMAGE_ROWS)
        decode_rows(child, request, answer);
    else if (kind == IMAGE_UNPACK)
        image_strips_unpack(child->strips, child->descriptor, &answer->error);
    else if (kind == IMAGE_STRIPS)
        open_strips(child, request, answer);
    else
        open_image(child, request, answer);
    if (kind == IMAGE_HEADER)
        close_image(child);
    if (child->descriptor >= 0)
        close(take_descriptor(child));
}

/* Receives a request and its descriptor. False when the worker has closed the socket. */
static bool receive(int socket, struct child *child, struct image_request *request)
{
    struct image_message message = {.bytes = request, .size = sizeof *request};
    if (image_receive(socket, &message) <= 0)
        return false;
    child->descriptor = message.count > 0 ? message.descriptors[0] : -1;
    request->name[IMAGE_NAME_MAX - 1] = '\0';
    return true;
}

static int serve(int socket, struct child *child, struct image_request *request)
{
    while (receive(socket, child, request)) {
        struct image_answer answer = {0};
        struct image_reply reply;
        set_alarm(request->seconds);
        image_watch_limit(request->memory_bytes);
        answer_request(child, request, &answer);
        image_watch_limit(0);
        set_alarm(0);
        blame(request, &answer);
        image_reply_set(&reply, &answer);
        if (send(socket, &reply, sizeof reply, MSG_NOSIGNAL) != sizeof reply)
            return IMAGE_CHILD_STARVED;
    }
    return 0;
}

int image_child_serve(int socket, int memory)
{
    struct child child = {.shared = {memory, NULL, 0}, .descriptor = -1};
    struct error error = {0};
    struct image_request *request = memory_new(1, sizeof *request, "image request", &error);
    if (!request)
        return IMAGE_CHILD_STARVED;
    image_watch_start();
    return cage_enter(&error) ? IMAGE_CHILD_FREE : serve(socket, &child, request);
}
