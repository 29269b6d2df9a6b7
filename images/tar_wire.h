/* tar_wire.h - the protocol between tar_input.c and the process that parses its tar; internal to
 * tar_*.c.
 *
 *   parent                                  child (of the server in image_worker.h)
 *   tar_opening and the tar's descriptor -> limits itself, enters the cage, opens the archive
 *   TAR_NEXT                             -> reads the next header
 *                                        <- tar_reply
 *   TAR_PART                             -> reads the next bytes of the member to the shared memory
 *                                        <- tar_reply
 *
 * Sockets and shared memory are those of image_wire.h. The shared memory has TAR_WINDOW bytes. A child
 * reads one tar. It parses what strangers wrote, so the parent believes nothing that it sends. */
#ifndef IMAGES_TAR_WIRE_H
#define IMAGES_TAR_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "images/image_wire.h"
#include "images/tar_input.h"

enum {
    TAR_NAME_MAX = 4096,  /* bytes of a name with its NUL, as Linux has it for a path */
    TAR_WINDOW = 1 << 20, /* bytes of a part */
};

struct tar_opening {
    double seconds;
    uint64_t memory_bytes;
    uint32_t marked; /* not 0: the end must be marked */
};

enum tar_request { TAR_NEXT, TAR_PART };

enum tar_answer {
    TAR_END,
    TAR_MEMBER,
    TAR_BYTES,
    TAR_DAMAGED, /* nothing more can be read; `text` is the message */
    TAR_STARVED  /* nor now, and the machine has no memory */
};

/* Numbers, not enums, since any may come. Only the used part of `text` is sent. */
struct tar_reply {
    enum image_reply_kind by; /* IMAGE_ANSWER; the server sends a struct image_reply instead */
    uint32_t answer;
    uint32_t kind, hard, cut; /* of a member; cut: its name is too long and not whole */
    uint32_t system;          /* of a failure: an errno or 0 */
    uint32_t size;            /* of a part; fewer than TAR_WINDOW are a member's last */
    uint32_t name_size;       /* with the NUL; or of the message */
    uint32_t target_size;
    char text[2 * TAR_NAME_MAX]; /* the name, then the target */
};

/* Sends the tar's descriptor and how to read it. 0, or -1 with errno set. */
int tar_send_opening(int socket, const struct tar_opening *opening, int descriptor);

/* Receives them. Returns the descriptor (closed on exec), or -1. */
int tar_receive_opening(int socket, struct tar_opening *opening);

/* A child's main loop, until the socket is closed. Returns the child's exit status. */
int tar_child_serve(int socket, int memory);

/* Makes the parent's side of a tar that some process at the other end of `socket` parses, with the
 * shared memory. Takes both, even if it fails. Returns 0 or -1 (ERROR_MEMORY). */
int tar_input_join(struct tar_input **input, const struct tar_input_options *options, int socket,
                   struct image_shared *shared, struct error *error);

#endif
