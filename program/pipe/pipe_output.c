#include "program/pipe/pipe_output.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/error.h"

int pipe_output_write(int output, const char *text, size_t length, struct error *error)
{
    while (length > 0) {
        ssize_t written = write(output, text, length);
        if (written >= 0) {
            text += written;
            length -= (size_t)written;
        } else if (errno ==
                   EAGAIN) { /* others may have made the descriptor one that does not wait */
            struct pollfd wait = {.fd = output, .events = POLLOUT};
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return error_set_system(error, ERROR_IO, errno, "standard output");
        }
    }
    return 0;
}
