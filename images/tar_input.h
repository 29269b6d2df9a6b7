/* tar_input.h - the members of a tar file, streamed one after another. Any layout: SA-1B's own
 * (./sa_1.jpg ./sa_1.json), WebDataset shards, others; compressed files too. */
#ifndef IMAGES_TAR_INPUT_H
#define IMAGES_TAR_INPUT_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct tar_input;

enum tar_kind {
    TAR_FILE,
    TAR_LINK, /* hard or symbolic */
    TAR_FOLDER,
    TAR_SPECIAL /* a device, a pipe */
};

/* All is valid until the next call. */
struct tar_member {
    enum tar_kind kind;
    const char *name;   /* of a file or link: relative; no component is empty, "." or ".." */
    const char *target; /* of a link: the name of the member that it leads to; NULL: leads out */
    const void *bytes;  /* of a file, once tar_input_read has read them */
    size_t size;
};

/* Opens a tar file, or standard input for "-". Members larger than `most` bytes are refused.
 * Returns 0, or -1 with ERROR_IO, ERROR_MEMORY, ERROR_UNSUPPORTED (built without libarchive). */
int tar_input_open(struct tar_input **input, const char *path, size_t most, struct error *error);

/* Goes to the next member. Returns 1 with *member filled, 0 at the end, or -1. After ERROR_IMAGE
 * only this member is unusable (its name leads out of the folder; kind and name are set) and the
 * next call continues. After ERROR_IO (damaged, truncated) or ERROR_MEMORY nothing more can be read.
 */
int tar_input_next(struct tar_input *input, struct tar_member *member, struct error *error);

/* Reads the bytes of the file that tar_input_next gave. Returns 0, or -1 as tar_input_next does: with
 * ERROR_IMAGE if it is too large. */
int tar_input_read(struct tar_input *input, struct tar_member *member, struct error *error);

/* NULL is allowed. */
void tar_input_close(struct tar_input *input);

/* Whether a file name has the extension of a tar file, in upper or lower case: .tar; .tar.gz, .tgz;
 * .tar.zst, .tzst; .tar.xz, .txz; .tar.bz2, .tbz2, .tbz. */
bool tar_input_is_tar(const char *path);

/* Length of a tar's path without that extension. */
size_t tar_input_stem(const char *path);

#endif
