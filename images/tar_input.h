/* tar_input.h - the members of a tar file, one after another, from the stream alone: SA-1B's own
 * layout (./sa_1.jpg ./sa_1.json), WebDataset shards, and any other; compressed ones too. */
#ifndef IMAGES_TAR_INPUT_H
#define IMAGES_TAR_INPUT_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct tar_input;

struct tar_member {
    const char *name;  /* relative, without a leading "./"; no component is "..", none empty */
    const void *bytes; /* valid until the next call */
    size_t size;
};

/* Opens a tar file, or standard input for "-". Members larger than `most` bytes are refused.
 * Returns 0, or -1 with ERROR_IO, ERROR_MEMORY, ERROR_UNSUPPORTED (built without libarchive). */
int tar_input_open(struct tar_input **input, const char *path, size_t most, struct error *error);

/* The next regular file for which `wanted` (NULL: all) is true; the bytes of others are skipped.
 * Returns 1 with *member filled, 0 at the end, or -1: with ERROR_IMAGE only this member is unusable
 * (too large, a name that leads out of the folder; member->name tells which) and the next call goes
 * on; with ERROR_IO (damaged, truncated) or ERROR_MEMORY the file ends here. */
int tar_input_next(struct tar_input *input, bool (*wanted)(const char *name),
                   struct tar_member *member, struct error *error);

/* NULL is allowed. */
void tar_input_close(struct tar_input *input);

/* Whether a file name is that of a tar: .tar, .tar.gz, .tgz, .tar.zst, .tar.xz, .tar.bz2. */
bool tar_input_is_tar(const char *path);

/* Length of a tar's path without that extension. */
size_t tar_input_stem(const char *path);

#endif
