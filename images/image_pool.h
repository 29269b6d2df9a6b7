/* image_pool.h - image workers for several threads at once, within one budget of memory.
 *
 * A call borrows a worker, which is made when it is first needed, and waits while all are lent. Each
 * has an equal part of the memory. An image for which that is too little waits until all workers are
 * back, and then has the whole.
 *
 * Any thread may call. Errors: ERROR_IMAGE for what is wrong with the image or its file; ERROR_MEMORY
 * for all that the machine lacks, be it memory, processes or descriptors.
 */
#ifndef IMAGES_IMAGE_POOL_H
#define IMAGES_IMAGE_POOL_H

#include <stdint.h>

#include "images/image.h"

struct image_pool;
struct image_server;

struct image_pool_options {
    int workers;           /* at most, from 1 */
    double seconds;        /* for one image; 0: no limit */
    uint64_t memory_bytes; /* of all workers together, with the pixels; 0: no limit */
    struct image_options reading;
};

/* The server must outlive the pool. NULL with ERROR_MEMORY. */
struct image_pool *image_pool_new(struct image_server *server,
                                  const struct image_pool_options *options, struct error *error);

/* As image_read_header and image_read, in a process apart. 0 or -1. */
int image_pool_header(struct image_pool *pool, const struct image_input *file,
                      struct image_header *header, struct error *error);
int image_pool_read(struct image_pool *pool, const struct image_input *file, struct image *image,
                    struct error *error);

/* The same of a label map, whatever the pool's options say of samples: IMAGE_VALUES (image.h). */
int image_pool_read_values(struct image_pool *pool, const struct image_input *file,
                           struct image *image, struct error *error);

/* The server of its workers, and the seconds that they have for an image: for whoever reads tars beside
 * them. */
struct image_server *image_pool_server(const struct image_pool *pool);
double image_pool_seconds(const struct image_pool *pool);

/* Ends the workers; none may be lent. NULL is allowed. */
void image_pool_free(struct image_pool *pool);

#endif
