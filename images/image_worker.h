/* image_worker.h - decoding in processes apart, so that a decoder that crashes, hangs or eats
 * memory costs one image and not the run.
 *
 *   program --- control socket ---> server (forked before there are threads; libvips started)
 *      |                               | forks
 *      worker --- socket, shared memory --- child: one image after the other
 *
 * A worker asks the server for a child when it has none. The child decodes into shared memory, from
 * which the worker copies the pixels; it is only a copy, so the child is free to do as it likes.
 * Children are not sandboxed otherwise: they may do whatever the user may.
 *
 * All of these processes ignore SIGINT, SIGTERM, SIGHUP and the like, and end when their socket is
 * closed or their parent dies.
 */
#ifndef IMAGES_IMAGE_WORKER_H
#define IMAGES_IMAGE_WORKER_H

#include <stddef.h>
#include <stdint.h>

#include "images/image.h"

struct image_server;
struct image_worker;

struct image_worker_options {
    double seconds;        /* for one image, from its opening; 0: no limit */
    uint64_t memory_bytes; /* that a child may allocate beside the pixels; 0: no limit */
};

/* Forks the server. To be called before any thread is started and before image_library_start.
 * Returns 0, or -1 with ERROR_UNSUPPORTED. The caller stops it. */
int image_server_start(struct image_server **server, struct error *error);

/* Ends the server; all its workers must have been freed. NULL is allowed. */
void image_server_stop(struct image_server *server);

/* For one thread at a time; several may share a server. NULL with ERROR_MEMORY or ERROR_IO. */
struct image_worker *image_worker_new(struct image_server *server,
                                      const struct image_worker_options *options,
                                      struct error *error);

/* Ends the worker's child. NULL is allowed. */
void image_worker_free(struct image_worker *worker);

/* As image_read, in the worker's child. A child that ends or takes too long is ERROR_IMAGE, too,
 * and the next call gets a new one. ERROR_IO: the server is gone. */
int image_worker_read(struct image_worker *worker, const char *path,
                      const struct image_limits *limits, struct image *image, struct error *error);

/* The contents of an image file; borrowed. */
struct image_bytes {
    const void *bytes;
    size_t size;
    const char *name; /* stands for the path in messages */
};

/* As image_read_memory, in the worker's child. */
int image_worker_read_memory(struct image_worker *worker, const struct image_bytes *file,
                             const struct image_limits *limits, struct image *image,
                             struct error *error);

/* As image_read_header, in the worker's child. */
int image_worker_header(struct image_worker *worker, const char *path,
                        const struct image_limits *limits, struct image_header *header,
                        struct error *error);

/* As image_strips_open, in the worker's child: the image stays open there until the next call of
 * any function but image_worker_rows. The time limit is that of each call. */
int image_worker_strips(struct image_worker *worker, const char *path,
                        const struct image_limits *limits, struct image_header *header,
                        struct error *error);

/* As image_strips_rows for the image that image_worker_strips opened. The window lies in memory
 * that the child can write to: it is valid until the next call on the worker, whatever happens to
 * the child, but a child that goes mad may change its pixels. */
int image_worker_rows(struct image_worker *worker, int32_t y, int32_t height, struct image *window,
                      struct error *error);

#endif
