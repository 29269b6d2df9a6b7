/* The server and its child processes: the other side of image_worker.h. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/memory.h"
#include "images/image_source.h"
#include "images/image_wire.h"

/* Headroom for decoder stacks and leaks between images. */
enum { SPARE_BYTES = 128 << 20 };

/* Arms SIGALRM, which ends the process; 0 disarms it. */
static void set_alarm(double seconds)
{
    struct itimerval timer = {0};
    timer.it_value.tv_sec = (time_t)seconds;
    timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6);
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Bytes of private memory in use; 0 if the system does not say. */
static uint64_t private_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Limits the process to `bytes` more than `before`; 0: no limit. Shared memory is not counted. */
static void limit_memory(uint64_t before, uint64_t bytes)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    if (bytes)
        limit.rlim_cur = before + bytes + SPARE_BYTES;
    setrlimit(RLIMIT_DATA, &limit);
}

/* Opens the request's image. */
static int open_source(struct image_source *source, const struct image_request *request,
                       const struct image_shared *shared, struct error *error)
{
    if (request->size == 0)
        return image_source_open(source, request->name, false, &request->limits, error);
    return image_source_open_memory(source, shared->bytes, request->size, request->name,
                                    &request->limits, error);
}

/* Makes room for the pixels behind the file. The file may move with that; then it is reopened. */
static int make_room(struct image_source *source, const struct image_request *request,
                     struct image_shared *shared, size_t bytes, struct error *error)
{
    if (bytes <= shared->size || request->size == 0)
        return image_shared_grow(shared, bytes, error);
    image_source_close(source);
    if (image_shared_grow(shared, bytes, error))
        return -1;
    return open_source(source, request, shared, error);
}

/* A child's state between requests. */
struct child {
    struct image_shared shared;
    struct image_strips *strips; /* NULL if none are open */
};

static void decode(const struct image_request *request, struct image_shared *shared,
                   struct image_reply *reply)
{
    struct image_source source;
    size_t begin = image_shared_pixels(request->size);
    if (image_shared_grow(shared, begin, &reply->error) ||
        open_source(&source, request, shared, &reply->error))
        return;
    reply->header = source.header;
    size_t pixels = (size_t)reply->header.width * (size_t)reply->header.height;
    if (make_room(&source, request, shared, begin + 3 * pixels, &reply->error) == 0)
        image_source_all(&source, shared->bytes + begin, &reply->error);
    image_source_close(&source);
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
    size_t bytes = (size_t)window.width * (size_t)window.height * 3;
    if (image_shared_grow(&child->shared, bytes, &reply->error) == 0)
        memcpy(child->shared.bytes, window.rgb, bytes);
}

static void answer(const struct image_request *request, struct child *child,
                   struct image_reply *reply)
{
    if (request->kind == IMAGE_ROWS) {
        decode_rows(request, child, reply);
        return;
    }
    image_strips_free(child->strips);
    child->strips = NULL;
    if (request->kind == IMAGE_HEADER)
        image_read_header(request->name, &request->limits, &reply->header, &reply->error);
    else if (request->kind == IMAGE_STRIPS)
        image_strips_open(&child->strips, request->name, &request->limits, &reply->header,
                          &reply->error);
    else
        decode(request, &child->shared, reply);
}

/* A child's main loop: answers requests until the socket is closed. */
static void serve(int socket, int memory)
{
    struct child child = {{memory, NULL, 0}, NULL};
    struct error error = {0};
    uint64_t before = private_bytes();
    struct image_request *request = memory_new(1, sizeof *request, "image request", &error);
    while (request && recv(socket, request, sizeof *request, 0) > 0) {
        struct image_reply reply = {0};
        request->name[IMAGE_NAME_MAX - 1] = '\0';
        limit_memory(before, request->memory_bytes);
        set_alarm(request->seconds);
        answer(request, &child, &reply);
        set_alarm(0);
        if (send(socket, &reply, sizeof reply, MSG_NOSIGNAL) != sizeof reply)
            break;
    }
}

/* Makes this process end with its parent. */
static void die_with(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
}

static void fork_child(int control, const int descriptors[2])
{
    pid_t server = getpid();
    if (fork() != 0)
        return; /* the server; if fork failed, the worker sees the closed socket */
    die_with(server);
    close(control);
    signal(SIGALRM, SIG_DFL);
    serve(descriptors[0], descriptors[1]);
    _exit(0);
}

void image_server_run(int control)
{
    enum { KEPT = 3 }; /* the control socket's descriptor; all others are closed */
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};
    struct error error;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* no zombies */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* Decoders print warnings that do not name the file. */
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int standard = 0; standard <= 2 && nowhere >= 0; standard++)
        dup2(nowhere, standard);
    if (dup2(control, KEPT) < 0 || image_library_start(&error))
        return;
    close_range(KEPT + 1, ~0U, 0);
    int descriptors[2];
    while (image_receive_descriptors(KEPT, descriptors) == 0) {
        fork_child(KEPT, descriptors);
        close(descriptors[0]);
        close(descriptors[1]);
    }
}
