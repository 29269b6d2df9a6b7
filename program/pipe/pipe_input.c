#include "program/pipe/pipe_input.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/error.h"
#include "jobs/stop.h"

static int fail(struct error *error, int system)
{
    return error_set_system(error, ERROR_IO, system, "standard input: cannot be read");
}

/* Waits until the input can be read. Returns 1, 0 if `stop` is set, or -1. */
static int wait_for_input(const struct pipe_input *pipe, struct error *error)
{
    /* Of the output only POLLERR is wanted, which always comes: the other end of a pipe is closed. */
    struct pollfd waits[3] = {{.fd = pipe->input, .events = POLLIN},
                              {.fd = stop_descriptor(pipe->stop), .events = POLLIN},
                              {.fd = pipe->output}};
    for (;;) {
        int ready = poll(waits, 3, -1);
        if (ready < 0 && errno != EINTR)
            return fail(error, errno);
        if (ready <= 0)
            continue;
        if (waits[1].revents)
            return 0;
        if (waits[2].revents & POLLERR)
            return error_set_system(error, ERROR_IO, EPIPE, "standard output");
        if (waits[2].revents)
            waits[2].fd = -1; /* what it is shows when something is written */
        if (waits[0].revents)
            return 1;
    }
}

ssize_t pipe_input_read(const struct pipe_input *pipe, void *bytes, size_t size,
                        struct error *error)
{
    for (;;) {
        int ready = wait_for_input(pipe, error);
        if (ready <= 0)
            return ready;
        ssize_t got = read(pipe->input, bytes, size);
        if (got >= 0)
            return got;
        /* Whoever shares the descriptor may have made it one that does not wait. */
        if (errno != EINTR && errno != EAGAIN)
            return fail(error, errno);
    }
}
