/* What a decoding child may answer: the program believes none of it. The data begin with what the
 * program asks for; then come messages, each behind its size (two bytes, the low one first), of which
 * the child sends one for each request. */
#include "replay.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "images/image.h"
#include "images/image_wire.h"
#include "images/image_worker.h"

/* The child, a thread. It has the sockets of the server's place, too: closing them ends it. */
struct child {
    const uint8_t *data;
    size_t left;
    int socket;
    pthread_t thread;
};
static struct child child = {.socket = -1};

/* Sends the next message. Returns 0, or -1 if there is none. */
static int send_next(void)
{
    if (child.left < 2)
        return -1;
    size_t length = child.data[0] | (size_t)child.data[1] << 8;
    child.data += 2;
    child.left -= 2;
    length = length < child.left ? length : child.left;
    ssize_t sent = send(child.socket, child.data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    child.data += length;
    child.left -= length;
    return sent < 0 || length == 0 ? -1 : 0;
}

static void *be_child(void *unused)
{
    static struct image_request request;
    (void)unused;
    for (;;) {
        struct image_message message = {.bytes = &request, .size = sizeof request};
        if (image_receive(child.socket, &message) <= 0)
            break;
        while (message.count > 0)
            close(message.descriptors[--message.count]);
        if (send_next())
            break;
    }
    shutdown(child.socket, SHUT_RDWR);
    return NULL;
}

static void end_child(void)
{
    if (child.socket < 0)
        return;
    shutdown(child.socket, SHUT_RDWR);
    pthread_join(child.thread, NULL);
    close(child.socket);
    child.socket = -1;
}

/* In the place of the one in image_server_start.c. */
int image_server_ask(struct image_server *server, enum image_child_kind kind,
                     const int descriptors[2])
{
    (void)server;
    (void)kind;
    end_child();
    child.socket = dup(descriptors[0]);
    if (child.socket < 0 || pthread_create(&child.thread, NULL, be_child, NULL))
        abort();
    return 0;
}

static void check_error(const struct error *error)
{
    bool known = error->code == ERROR_IMAGE || error->code == ERROR_IO ||
                 error->code == ERROR_MEMORY || error->code == ERROR_UNSUPPORTED;
    if (!known || error->system < 0 || error->system > 4095 ||
        strnlen(error->text, ERROR_TEXT_SIZE) == ERROR_TEXT_SIZE || error->text[0] == '\0')
        abort();
}

static void check_header(const struct image_header *header, const struct image_options *options)
{
    uint64_t pixels = (uint64_t)header->width * (uint64_t)header->height;
    if (header->width < 1 || header->height < 1 || pixels > options->max_pixels ||
        header->bytes < header->decoder_bytes || header->bytes < 3 * pixels)
        abort();
}

/* The bits of `kinds` choose what is asked for. */
static void ask(struct image_worker *worker, unsigned kinds)
{
    static const uint8_t file[16] = {0xff, 0xd8, 0xff};
    static const char path[] = "tests/fuzz/fuzz_answer.c"; /* any file */
    const struct image_options options = {.max_pixels = 1 << 12};
    const struct image_bytes bytes = {file, sizeof file, "member"};
    struct error error = {0};
    struct image_header header;
    struct image image = {0}, window;
    int status = kinds & 1   ? image_worker_strips(worker, path, &options, &header, &error)
                 : kinds & 2 ? image_worker_open(worker, path, &options, &header, &error)
                 : kinds & 4 ? image_worker_header(worker, path, &options, &header, &error)
                             : image_worker_open_memory(worker, &bytes, &options, &header, &error);
    if (status == 0)
        check_header(&header, &options);
    for (int32_t y = 0; status == 0 && (kinds & 1) && y < header.height; y += 7) {
        int32_t rows = header.height - y < 7 ? header.height - y : 7;
        status = image_worker_rows(worker, y, rows, &window, &error);
        if (status == 0 && (window.width != header.width || window.height != rows))
            abort();
    }
    if (status == 0 && !(kinds & 1)) {
        status = image_worker_pixels(worker, &image, &error);
        if (status == 0 && (image.width != header.width || image.height != header.height))
            abort();
    }
    if (status)
        check_error(&error);
    image_free(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    const struct image_worker_options options = {0};
    if (size < 1)
        return 0;
    child.data = data + 1;
    child.left = size - 1;
    struct image_worker *worker = image_worker_new(NULL, &options, &error);
    if (!worker)
        abort();
    ask(worker, data[0] & 7);
    ask(worker, data[0] >> 4 & 7);
    image_worker_free(worker);
    end_child();
    return 0;
}
