/* image_wire.h - what a worker and its child say to each other; internal to image_*.c.
 *
 * Sockets are SOCK_SEQPACKET: a message is sent and received as a whole. Shared memory holds the
 * contents of the file, where they were handed over, and after them the pixels.
 *
 * An image too large to be held is opened once and then asked for window after window; any other
 * request closes it.
 */
#ifndef IMAGES_IMAGE_WIRE_H
#define IMAGES_IMAGE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "images/image.h"

enum { IMAGE_NAME_MAX = 1 << 16 }; /* bytes of a path, its zero included */

enum image_wish {
    IMAGE_PIXELS, /* all of them */
    IMAGE_HEADER,
    IMAGE_STRIPS, /* opens strips */
    IMAGE_ROWS    /* a window of the strips that are open */
};

struct image_request {
    enum image_wish wish;
    int32_t y, height; /* of a window, in rows */
    struct image_limits limits;
    double seconds;        /* 0: no limit */
    uint64_t memory_bytes; /* 0: no limit */
    uint64_t size;         /* of the contents in shared memory; 0: open the file `name` */
    char name[IMAGE_NAME_MAX];
};

struct image_reply {
    struct error error; /* code ERROR_NONE: decoded */
    struct image_header header;
};

/* Memory that two processes see. It can grow and never shrinks, so neither can be made to touch
 * what is not there. */
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

/* Where the pixels begin after `size` bytes of contents. */
size_t image_shared_pixels(size_t size);

/* Sends one byte and two descriptors; 0, or -1 with errno set. */
int image_send_descriptors(int socket, const int descriptors[2]);

/* Receives them (closed on exec); 0, or -1 at the end or on an error. */
int image_receive_descriptors(int socket, int descriptors[2]);

/* The server's life: hands children to those who ask on `control`. Returns when that is closed. */
void image_server_run(int control);

#endif
