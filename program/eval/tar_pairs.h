/* tar_pairs.h - images and their records in a tar, as SA-1B is released (sa_000000.tar): NAME.jpg and
 * NAME.json are members one directly after the other, in either order. */
#ifndef PROGRAM_EVAL_TAR_PAIRS_H
#define PROGRAM_EVAL_TAR_PAIRS_H

#include <stddef.h>

struct error;
struct image_pool;
struct tar_pairs;

enum { TAR_PAIRS_IMAGE_MAX = 1 << 28 }; /* bytes of a member */

/* A pair; all belongs to the tar until the next call. */
struct tar_pair {
    const char *name; /* of the image's member */
    int image;        /* descriptor of a file in memory; -1: see fault */
    const char *record;
    size_t length;             /* of the record */
    const struct error *fault; /* why there is no record, or no image; NULL: both are there */
};

/* Opens a tar, which a child of the pool's server parses. NULL with ERROR_IO, ERROR_UNSUPPORTED or
 * ERROR_MEMORY. The caller frees it by tar_pairs_close. */
struct tar_pairs *tar_pairs_open(const char *path, struct image_pool *pool, struct error *error);

/* The next image. Records without an image are passed over. Returns 1; 0 at the end; or -1: ERROR_IO
 * (the tar is damaged: nothing more comes) or ERROR_MEMORY. */
int tar_pairs_next(struct tar_pairs *pairs, struct tar_pair *pair, struct error *error);

/* NULL is allowed. */
void tar_pairs_close(struct tar_pairs *pairs);

#endif
