/* image_wire.h - the protocol between a worker and its child process; internal to image_*.c.
 *
 * Sockets are SOCK_SEQPACKET: a message is sent and received as a whole. A child's socket is held
 * open by the server as well, which says there how the child ended; so the worker knows a decoder
 * that crashed from one that was killed. Shared memory holds the file's bytes, if the worker sends
 * them, and then the pixels.
 *
 * A child is in the cage (images/cage.h). So the worker opens the image and sends its descriptor
 * with the request, makes the shared memory as large as the answer needs, and makes the temporary
 * file of an image that must be turned.
 *
 * An image is opened first, so that the worker may wait for memory before its pixels are decoded. One
 * too large for memory is then requested window by window. Any other request closes it.
 */
#ifndef IMAGES_IMAGE_WIRE_H
#define IMAGES_IMAGE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "images/image.h"

struct image_server;

enum { IMAGE_NAME_MAX = 1 << 16 }; /* bytes of a path with its terminator */

enum image_request_kind {
    IMAGE_OPEN,   /* opens the image and reads its header */
    IMAGE_PIXELS, /* decodes the whole of the image that is open */
    IMAGE_HEADER,
    IMAGE_STRIPS, /* opens strips */
    IMAGE_UNPACK, /* turns the open strips upright in a temporary file */
    IMAGE_ROWS    /* a window of the open strips */
};

/* One of a file goes with a descriptor: of the image; with IMAGE_UNPACK, of the temporary file. */
struct image_request {
    enum image_request_kind kind;
    int32_t y, height; /* of a window, in rows */
    struct image_options options;
    double seconds;            /* 0: no limit */
    uint64_t memory_bytes;     /* of the child's own; 0: no limit */
    uint64_t size;             /* of the file in shared memory; 0: there is a descriptor */
    char name[IMAGE_NAME_MAX]; /* for messages */
};

/* Who replies: the child with its answer, or the server about the child. */
enum image_reply_kind {
    IMAGE_ANSWER,
    IMAGE_CHILD_ENDED, /* `status` is that of waitpid */
    IMAGE_NO_CHILD     /* `status` is the errno of the failed fork */
};

/* The server's descriptor of its control socket. Higher ones are closed when it starts. */
enum { IMAGE_SERVER_SOCKET = 3 };

/* Exit statuses of a child. */
enum {
    IMAGE_CHILD_STARVED = 75, /* ran out of something that the machine owes it */
    IMAGE_CHILD_OVER = 76,    /* reached its limit on memory */
    IMAGE_CHILD_FREE = 77     /* could not enter the cage, and has read nothing */
};

/* What a process sends that may be in an attacker's hands. So it holds numbers alone, of which any
 * bytes are some; image_reply_check makes sense of them. */
struct image_reply {
    uint32_t kind;  /* enum image_reply_kind */
    int32_t status; /* of a child that has ended or could not be made */
    /* An answer: */
    uint32_t code; /* enum error_code; ERROR_NONE: success */
    int32_t system;
    char text[ERROR_TEXT_SIZE];
    int32_t width, height;
    uint64_t decoder_bytes;
    uint16_t least, greatest;
    uint8_t end_added, pages, deep; /* as in struct image_notes */
    uint8_t turned;                 /* the strips must be unpacked */
};

/* What a reply says. */
struct image_answer {
    struct error error; /* code ERROR_NONE: success */
    struct image_header header;
    struct image_notes notes; /* up to the rows decoded so far */
    bool turned;
};

/* Writes an answer down. */
void image_reply_set(struct image_reply *reply, const struct image_answer *answer);

/* Reads the answer to `request`. False if no sound child gives it: an error that decoding does not
 * have, sizes that are none or over the limit of the request. */
bool image_reply_check(const struct image_reply *reply, const struct image_request *request,
                       struct image_answer *answer);

/* Memory shared by two processes. It can grow but never shrink, so neither process can make the
 * other touch missing pages; and neither can seal it further, against growing or writing. */
struct image_shared {
    int descriptor; /* owned */
    uint8_t *bytes; /* the mapping, or NULL */
    size_t size;    /* of the mapping */
};

/* New, empty shared memory. 0 or -1 (ERROR_IO). */
int image_shared_new(struct image_shared *shared, struct error *error);

/* Makes at least `size` bytes available, moving shared->bytes. For the worker, as a child may not
 * make files larger. 0 or -1 (ERROR_MEMORY). */
int image_shared_grow(struct image_shared *shared, size_t size, struct error *error);

/* Maps at least the first `size` bytes, which the worker has made available. 0 or -1 (ERROR_MEMORY).
 */
int image_shared_map(struct image_shared *shared, size_t size, struct error *error);

/* Gives the pages back to the system; what they held is lost, and they can be used again. */
void image_shared_clear(struct image_shared *shared);

void image_shared_free(struct image_shared *shared);

/* Offset of the pixels behind a file of `size` bytes. */
size_t image_shared_pixels(size_t size);

/* What a child is for. */
enum image_child_kind { IMAGE_CHILD_OF_IMAGES, IMAGE_CHILD_OF_TAR };

/* A message, and the descriptors that go with it. */
enum { IMAGE_DESCRIPTORS_MAX = 2 };
struct image_message {
    void *bytes; /* borrowed */
    size_t size; /* at least 1 */
    int count;   /* of descriptors */
    int descriptors[IMAGE_DESCRIPTORS_MAX];
};

/* Sends a message. 0, or -1 with errno set. */
int image_send(int socket, const struct image_message *message);

/* Receives a message of at most message->size bytes, and sets size and count. The descriptors are
 * the caller's; they are closed on exec. If this process has too many open files, all are lost and
 * the count is 0. Returns 1; 0 at the end; -1 with errno set. */
int image_receive(int socket, struct image_message *message);

/* Whether a child may have this errno from reading an open file, on a disk or a server: what pread's
 * manual and the file systems of Linux have. */
bool image_errno_of_reading(int system);

/* Whether an errno of a socket says that the process at its other end is gone. */
bool image_peer_gone(int system);

/* Asks the server for a child that has these descriptors: its socket and its shared memory. Starts
 * a new server if the old one is gone. Any thread. 0, or -1 with errno set. */
int image_server_ask(struct image_server *server, enum image_child_kind kind,
                     const int descriptors[2]);

/* A child's main loop: answers requests on `socket`, with pixels in the shared `memory`, until the
 * socket is closed. Returns the child's exit status. */
int image_child_serve(int socket, int memory);

/* The server's main loop: forks a child for each request on `control`, and says on the child's
 * socket how it ended. Returns when `control` is closed. */
void image_server_run(int control);

#endif
