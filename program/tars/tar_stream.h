/* tar_stream.h - a tar on standard output, which every reader sees as incomplete until it is complete.
 *
 * Readers take a tar that ends behind a member for a whole one, and some even one that ends within a header.
 * So what was written must at any moment end within the bytes of a member. The last block of a member is held
 * back. It goes out with the header of the next one, in one write of at most TAR_STREAM_WRITE bytes, which a
 * pipe takes whole or not at all; at the end with the mark of the end. Whoever fails, or is killed, just
 * writes no more. */
#ifndef PROGRAM_TARS_TAR_STREAM_H
#define PROGRAM_TARS_TAR_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "records/tar_pack.h"

struct error;
struct tar_sample;

enum { TAR_STREAM_WRITE = 4096 }; /* PIPE_BUF */

struct tar_stream {
    int fd;           /* borrowed */
    const char *name; /* for messages */
    /* Asked while the reader at the other end takes nothing: true gives up, with ERROR_STOPPED. */
    bool (*stopping)(void *context);
    void *context;
    uint64_t size; /* bytes of members so far, with what is held back */
    struct tar_pack
        next; /* what goes out in one write, as far as it is there: the block that was held back */
};

/* Appends members, which tar_pack.h has made. Returns 0, or -1 with ERROR_IO (nobody reads any more, the disk is
 * full), ERROR_STOPPED or ERROR_MEMORY: then nothing may follow. */
int tar_stream_append(struct tar_stream *stream, const struct tar_pack *members,
                      struct error *error);

/* Ends the tar. As above. */
int tar_stream_end(struct tar_stream *stream, struct error *error);

/* Frees what it holds; writes nothing. */
void tar_stream_free(struct tar_stream *stream);

#endif
