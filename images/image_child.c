/* A child of the server: answers the requests of one worker (image_wire.h), and says whose fault a
 * failure is. */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/memory.h"
#include "images/image_source.h"
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

/* Whether `bytes` more of private memory may be had. */
static bool has_memory(size_t bytes)
{
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return false;
    munmap(map, bytes);
    return true;
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
static void blame(const struct image_request *request, struct image_reply *reply)
{
    struct error *error = &reply->error;
    if (error->code != ERROR_IMAGE || error->system)
        return;
    if (!has_memory(LEAST_BYTES + reply->header.bytes))
        error_set_system(error, ERROR_MEMORY, ENOMEM, "%s: cannot be decoded", request->name);
    else if (!has_descriptor())
        error_set_system(error, ERROR_IO, EMFILE, "%s: cannot be decoded", request->name);
    else if (!has_threads())
        error_set_system(error, ERROR_IO, EAGAIN, "%s: no thread for its decoder", request->name);
}

/* As image_shared_grow; the message begins with the image's name. */
static int grow(struct image_shared *shared, size_t bytes, const char *name, struct error *error)
{
    return image_shared_grow(shared, bytes, error) ? error_prefix(error, "%s", name) : 0;
}

/* Opens the request's image. */
static int open_source(struct image_source *source, const struct image_request *request,
                       const struct image_shared *shared, struct error *error)
{
    if (request->size == 0)
        return image_source_open(source, request->name, false, &request->options, error);
    return image_source_open_memory(source, shared->bytes, request->size, request->name,
                                    &request->options, error);
}

/* Makes room for the pixels behind the file. The file may move with that; then it is reopened. */
static int make_room(struct image_source *source, const struct image_request *request,
                     struct image_shared *shared, size_t bytes, struct error *error)
{
    if (bytes <= shared->size || request->size == 0)
        return grow(shared, bytes, request->name, error);
    image_source_close(source);
    if (grow(shared, bytes, request->name, error))
        return -1;
    return open_source(source, request, shared, error);
}

/* A child's state between requests. */
struct child {
    struct image_shared shared;
    struct image_strips *strips; /* NULL if none are open */
    struct image_source source;  /* if is_open */
    bool is_open;
};

static void close_image(struct child *child)
{
    image_strips_free(child->strips);
    child->strips = NULL;
    if (child->is_open)
        image_source_close(&child->source);
    child->is_open = false;
    image_watch_trim();
}

static void open_image(const struct image_request *request, struct child *child,
                       struct image_reply *reply)
{
    size_t begin = image_shared_pixels(request->size);
    if (grow(&child->shared, begin, request->name, &reply->error) ||
        open_source(&child->source, request, &child->shared, &reply->error))
        return;
    child->is_open = true;
    reply->header = child->source.header;
}

static void decode(const struct image_request *request, struct child *child,
                   struct image_reply *reply)
{
    if (!child->is_open) {
        error_set(&reply->error, ERROR_IMAGE, "%s: its decoder has lost it", request->name);
        return;
    }
    reply->header = child->source.header;
    size_t begin = image_shared_pixels(request->size);
    size_t pixels = (size_t)reply->header.width * (size_t)reply->header.height;
    if (!has_memory(LEAST_BYTES + reply->header.bytes))
        error_set_system(&reply->error, ERROR_MEMORY, ENOMEM, "%s: cannot be decoded",
                         request->name); /* now, because some decoders abort without memory */
    else if (make_room(&child->source, request, &child->shared, begin + 3 * pixels,
                       &reply->error) == 0)
        image_source_all(&child->source, child->shared.bytes + begin, &reply->error);
    reply->notes = child->source.notes;
    close_image(child);
}

static void decode_rows(const struct image_request *request, struct child *child,
                        struct image_reply *reply)
{
    struct image window;
    if (!child->strips) {
        error_set(&reply->error, ERROR_IMAGE, "%s: its decoder has lost it", request->name);
        return;
    }
    if (image_strips_rows(child->strips, request->y, request->height, &window, &reply->error))
        return;
    reply->notes = image_strips_notes(child->strips);
    size_t bytes = (size_t)window.width * (size_t)window.height * 3;
    if (grow(&child->shared, bytes, request->name, &reply->error) == 0)
        memcpy(child->shared.bytes, window.rgb, bytes);
}

static void answer(const struct image_request *request, struct child *child,
                   struct image_reply *reply)
{
    if (request->kind == IMAGE_ROWS) {
        decode_rows(request, child, reply);
        return;
    }
    if (request->kind == IMAGE_PIXELS) {
        decode(request, child, reply);
        return;
    }
    close_image(child);
    if (request->kind == IMAGE_HEADER)
        image_read_header(request->name, &request->options, &reply->header, &reply->error);
    else if (request->kind == IMAGE_STRIPS)
        image_strips_open(&child->strips, request->name, &request->options, &reply->header,
                          &reply->error);
    else
        open_image(request, child, reply);
}

int image_child_serve(int socket, int memory)
{
    struct child child = {.shared = {memory, NULL, 0}};
    struct error error = {0};
    struct image_request *request = memory_new(1, sizeof *request, "image request", &error);
    if (!request)
        return IMAGE_CHILD_STARVED;
    image_watch_start();
    while (recv(socket, request, sizeof *request, 0) > 0) {
        struct image_reply reply = {.kind = IMAGE_ANSWER};
        request->name[IMAGE_NAME_MAX - 1] = '\0';
        set_alarm(request->seconds);
        image_watch_limit(request->memory_bytes);
        answer(request, &child, &reply);
        image_watch_limit(0);
        set_alarm(0);
        blame(request, &reply);
        if (send(socket, &reply, sizeof reply, MSG_NOSIGNAL) != sizeof reply)
            return IMAGE_CHILD_STARVED;
    }
    return 0;
}
