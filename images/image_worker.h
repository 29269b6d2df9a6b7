/* image_worker.h - decoding in child processes: a decoder that crashes or hangs costs one image, not
 * the whole job.
 *
 *   program --- control socket ---> server (forked before any thread starts; libvips started)
 *      |                               | forks
 *      worker --- socket, shared memory --- child: one image after another
 *
 * A worker that has no child asks the server for one. The child decodes into shared memory, and the
 * worker copies the pixels from there, so a child cannot change them later. Children are in the cage
 * (cage.h): the worker opens the image and passes on the descriptor. The program itself may not be
 * traced or dumped (PR_SET_DUMPABLE) while there is a server.
 *
 * A server that is gone (killed by hand or for want of memory) is started again. By then the program
 * has threads, and a copy of it made by fork could find any lock taken for ever. So the second
 * server is the program itself executed anew, with IMAGE_SERVER_ARGUMENT, which its main must look
 * for. Only the first one is forked: that needs no /proc, and costs no second loading of libraries.
 *
 * Only what is wrong with the image is ERROR_IMAGE without an errno. A child that was killed, a fork
 * that failed, a limit on memory, descriptors or file size are ERROR_IO or ERROR_MEMORY with an
 * errno; ECHILD says that server or child were lost. After those the same image may be tried again.
 *
 * Server and children ignore SIGINT, SIGTERM, SIGHUP and the like. They end when their socket is
 * closed or their parent dies.
 */
#ifndef IMAGES_IMAGE_WORKER_H
#define IMAGES_IMAGE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "images/image.h"

struct image_server;
struct image_worker;

struct image_worker_options {
    double seconds;        /* for one image, from its opening; 0: no limit */
    uint64_t memory_bytes; /* for one image; 0: no limit. See image_worker_limit. */
};

/* The only argument of a program that is to be a server. */
#define IMAGE_SERVER_ARGUMENT "--decode-images-for-parent"

/* Serves until the program that executed this one is gone. */
void image_server_main(void);

/* Forks the server. Call it before any thread starts and before image_library_start. Returns 0, or
 * -1 with ERROR_UNSUPPORTED, also if the system has no cage. The caller stops the server. */
int image_server_start(struct image_server **server, struct error *error);

/* Ends the server; all its workers must have been freed. NULL is allowed. */
void image_server_stop(struct image_server *server);

/* A worker is for one thread at a time; several workers may share a server. NULL with ERROR_MEMORY
 * or ERROR_IO. */
struct image_worker *image_worker_new(struct image_server *server,
                                      const struct image_worker_options *options,
                                      struct error *error);

/* Sets the limit on the memory of a child, from the next request on: its own, without the shared
 * memory for file and pixels; 0: no limit. An image that needs more fails with ERROR_IMAGE. Rather
 * more may be in use for a moment, some tens of MiB. */
void image_worker_limit(struct image_worker *worker, uint64_t memory_bytes);

/* Whether the last call failed because the image needs more than that. */
bool image_worker_over(const struct image_worker *worker);

/* Ends the worker's child. NULL is allowed. */
void image_worker_free(struct image_worker *worker);

/* As image_read, in the worker's child. The limit on memory is for all that the image takes: shared
 * memory and the pixels count. If the child crashes or takes too long, the call fails with
 * ERROR_IMAGE; ERROR_IO and ERROR_MEMORY as said above. The next call gets a new child, and a new
 * server if need be. */
int image_worker_read(struct image_worker *worker, const char *path,
                      const struct image_options *options, struct image *image,
                      struct error *error);

/* The same for an image file that may be open; and image_worker_header below. */
int image_worker_read_input(struct image_worker *worker, const struct image_input *file,
                            const struct image_options *options, struct image *image,
                            struct error *error);

/* The contents of an image file; borrowed. */
struct image_bytes {
    const void *bytes;
    size_t size;
    const char *name; /* in place of the path in messages */
};

/* As image_read_memory, in the worker's child. */
int image_worker_read_memory(struct image_worker *worker, const struct image_bytes *file,
                             const struct image_options *options, struct image *image,
                             struct error *error);

/* The first half of the two above: opens the image and reads its header. It stays open until the
 * next call; image_worker_pixels is the second half. In between, the caller may wait for memory:
 * the decoder needs header->bytes, and 3 bytes a pixel in shared memory. The time limit does not run
 * meanwhile. */
int image_worker_open(struct image_worker *worker, const char *path,
                      const struct image_options *options, struct image_header *header,
                      struct error *error);
int image_worker_open_memory(struct image_worker *worker, const struct image_bytes *file,
                             const struct image_options *options, struct image_header *header,
                             struct error *error);

/* Decodes the image that is open. */
int image_worker_pixels(struct image_worker *worker, struct image *image, struct error *error);

/* As image_read_header, in the worker's child. */
int image_worker_header(struct image_worker *worker, const char *path,
                        const struct image_options *options, struct image_header *header,
                        struct error *error);
int image_worker_header_input(struct image_worker *worker, const struct image_input *file,
                              const struct image_options *options, struct image_header *header,
                              struct error *error);

/* As image_strips_open, in the worker's child. The image stays open until the next call of any
 * function but image_worker_rows. The time limit holds for each call. */
int image_worker_strips(struct image_worker *worker, const char *path,
                        const struct image_options *options, struct image_header *header,
                        struct error *error);

/* As image_strips_rows, for the image that image_worker_strips opened. The window is valid until
 * the next call on the worker, even if the child dies. It lies in memory that the child can write
 * to: a child that misbehaves may change its pixels. */
int image_worker_rows(struct image_worker *worker, int32_t y, int32_t height, struct image *window,
                      struct error *error);

/* What was noticed about the image that was read last, up to the rows requested so far. */
struct image_notes image_worker_notes(const struct image_worker *worker);

#endif
