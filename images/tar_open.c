/* Opens a tar and has the server make a child for it; the beginning of tar_input.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "images/tar_read.h"
#include "images/tar_wire.h"

/* A socket to a child that has the tar, in *socket. Returns 0 or -1. */
static int start_child(const struct tar_input_options *options, int file,
                       const struct image_shared *shared, int *socket, struct error *error)
{
    const struct tar_opening opening = {options->seconds, options->memory_bytes, options->marked};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return error_set_system(error, ERROR_IO, errno, "%s: no socket for reading it",
                                options->path);
    const int theirs[2] = {ends[1], shared->descriptor};
    int status = image_server_ask(options->server, IMAGE_CHILD_OF_TAR, theirs);
    if (status == 0)
        status = tar_send_opening(ends[0], &opening, file);
    int reason = errno;
    close(ends[1]);
    *socket = ends[0];
    if (status == 0 || image_peer_gone(reason)) /* then the first reply says why */
        return 0;
    close(ends[0]);
    error_set_system(error, ERROR_IO, reason, "%s: no process for reading it", options->path);
    error->system = ECHILD;
    return -1;
}

int tar_input_open_file(struct tar_input **input, const struct tar_input_options *options, int file,
                        struct error *error)
{
    struct image_shared shared;
    int socket = -1;
    *input = NULL;
    if (!tar_read_supported())
        return error_set(
            error, ERROR_UNSUPPORTED,
            "%s: this build reads no tar files; install libarchive-dev and build again",
            options->path);
    if (image_shared_new(&shared, error))
        return error_prefix(error, "%s", options->path);
    if (image_shared_grow(&shared, TAR_WINDOW, error)) {
        image_shared_free(&shared);
        return error_prefix(error, "%s", options->path);
    }
    if (start_child(options, file, &shared, &socket, error)) {
        image_shared_free(&shared);
        return -1;
    }
    return tar_input_join(input, options, socket, &shared, error);
}

const char *tar_input_called(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

int tar_input_open(struct tar_input **input, const struct tar_input_options *options,
                   struct error *error)
{
    const char *path = options->path;
    bool standard = strcmp(path, "-") == 0;
    struct tar_input_options named = *options;
    *input = NULL;
    named.path = tar_input_called(path);
    int file =
        standard ? STDIN_FILENO : open(options->file ? options->file : path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return error_set_system(error, ERROR_IO, errno, "cannot open '%s'", path);
    int status = tar_input_open_file(input, &named, file, error);
    if (!standard)
        close(file);
    return status;
}
