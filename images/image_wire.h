/* image_wire.h - the protocol between a worker and its child process; internal to image_*.c.
 *
 * Sockets are SOCK_SEQPACKET: a message is sent and received as a whole. Shared memory holds the
 * file's bytes, if the worker sends them, and then the pixels.
 *
 * An image too large for memory is opened once and then requested window by window. Any other
 * request closes it.
 */
#ifndef IMAGES_IMAGE_WIRE_H
#define IMAGES_IMAGE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "images/image.h"

enum { IMAGE_NAME_MAX = 1 << 16 }; /* bytes of a path with its terminator */

enum image_request_kind {
    IMAGE_PIXELS, /* the whole image */
    IMAGE_HEADER,
    IMAGE_STRIPS, /* opens strips */
    IMAGE_ROWS    /* a window of the open strips */
};

struct image_request {
    enum image_request_kind kind;
    int32_t y, height; /* of a window, in rows */
    struct image_limits limits;
    double seconds;        /* 0: no limit */
    uint64_t memory_bytes; /* 0: no limit */
    uint64_t size;         /* of the file in shared memory; 0: open the file `name` */
    char name[IMAGE_NAME_MAX];
};

struct image_reply {
    struct error error; /* code ERROR_NONE: success */
    struct image_header header;
};

/* Memory shared by two processes. It can grow but never shrink, so neither process can make the
 * other touch missing pages. */
struct image_shared {
    int descriptor; /* owned */
    uint8_t *bytes; /* the mapping, or NULL */
    size_t size;    /* of the mapping */
};

/* New, empty shared memory. 0 or -1 (ERROR_IO). */
int image_shared_new(struct image_shared *shared, struct error *error);

/* Makes at least `size` bytes available, moving shared->bytes. 0 or -1 (ERROR_MEMORY). */
int image_shared_grow(struct image_shared *shared, size_t size, struct error *error);

void image_shared_free(struct image_shared *shared);

/* Offset of the pixels behind a file of `size` bytes. */
size_t image_shared_pixels(size_t size);

/* Sends one byte and two descriptors; 0, or -1 with errno set. */
int image_send_descriptors(int socket, const int descriptors[2]);

/* Receives them (closed on exec); 0, or -1 at the end or on an error. */
int image_receive_descriptors(int socket, int descriptors[2]);

/* The server's main loop: forks a child for each request on `control`. Returns when that socket is
 * closed. */
void image_server_run(int control);

#endif
