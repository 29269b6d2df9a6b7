/* tar_input.h - the members of a tar file, streamed one after another. Any layout: SA-1B's own
 * (./sa_1.jpg ./sa_1.json), WebDataset shards, others; compressed files too. */
#ifndef IMAGES_TAR_INPUT_H
#define IMAGES_TAR_INPUT_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct tar_input;

struct tar_member {
    const char *name;  /* relative; no component is empty, "." or ".." */
    const void *bytes; /* valid until the next call */
    size_t size;
};

/* Opens a tar file, or standard input for "-". Members larger than `most` bytes are refused.
 * Returns 0, or -1 with ERROR_IO, ERROR_MEMORY, ERROR_UNSUPPORTED (built without libarchive). */
int tar_input_open(struct tar_input **input, const char *path, size_t most, struct error *error);

/* Reads the next regular file for which `wanted` returns true (NULL: all) and skips others. Returns
 * 1 with *member filled, 0 at the end, or -1. After ERROR_IMAGE only this member is unusable (it is
 * too large, or its name leads out of the folder; member->name is set) and the next call continues.
 * After ERROR_IO (damaged, truncated) or ERROR_MEMORY nothing more can be read. */
int tar_input_next(struct tar_input *input, bool (*wanted)(const char *name),
                   struct tar_member *member, struct error *error);

/* NULL is allowed. */
void tar_input_close(struct tar_input *input);

/* Whether a file name has the extension of a tar file: .tar, .tar.gz, .tgz, .tar.zst, .tar.xz,
 * .tar.bz2. */
bool tar_input_is_tar(const char *path);

/* Length of a tar's path without that extension. */
size_t tar_input_stem(const char *path);

#endif
