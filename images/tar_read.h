/* tar_read.h - parses a tar with libarchive, in the calling process. What it gives is the tar's own
 * word: a name may lead anywhere, and a size may be a lie. It runs in a child (tar_child.c); the
 * program reads tars through tar_input.h. */
#ifndef IMAGES_TAR_READ_H
#define IMAGES_TAR_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "images/tar_input.h"

struct error;
struct tar_read;

/* Valid until the next call. */
struct tar_entry {
    enum tar_kind kind;
    bool hard;          /* of a link: hard, not symbolic */
    const char *name;   /* "" if there is none */
    const char *target; /* of a link; else "" */
};

/* False in a build without libarchive, whose tar_read_open fails. */
bool tar_read_supported(void);

/* Loads what libarchive may open later: tables that convert names. Call it before files can no
 * longer be opened. */
void tar_read_prepare(void);

/* Opens the tar that `descriptor` (borrowed) reads, plain or in a compression of tar_name.h. If
 * `seconds` is not 0, SIGVTALRM ends the process once it computes for that long without reading
 * further. Returns 0, or -1 with ERROR_IO, ERROR_MEMORY, ERROR_UNSUPPORTED. Messages of all functions
 * leave out the tar's name. */
int tar_read_open(struct tar_read **read, int descriptor, double seconds, struct error *error);

/* Goes to the next member. Returns 1, 0 at the end, or -1 with ERROR_IO (damaged; error->system is
 * that of read(2) if that failed) or ERROR_MEMORY; then nothing more can be read. */
int tar_read_next(struct tar_read *read, struct tar_entry *entry, struct error *error);

/* After the last member: whether the mark followed that ends a tar. A file without it may be whole, but a
 * stream is not known to be. */
bool tar_read_marked(struct tar_read *read);

/* Reads the next `room` bytes of the member. Fewer (*size) are its last. Returns 0, or -1 as
 * tar_read_next does. */
int tar_read_bytes(struct tar_read *read, void *bytes, size_t room, size_t *size,
                   struct error *error);

/* NULL is allowed. */
void tar_read_close(struct tar_read *read);

#endif
