/* pipe_reader.h - cuts the bytes of standard input into requests: lines, and the images that follow
 * some of them. Knows no files: the caller brings the bytes as they come.
 *
 *   while (there are bytes)
 *       pipe_reader_take(...)     1: a request is complete
 *   pipe_reader_end(...)          the rest, if the input ended without a newline or within an image
 */
#ifndef PROGRAM_PIPE_PIPE_READER_H
#define PROGRAM_PIPE_PIPE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/pipe/pipe_request.h"

enum { PIPE_LINE_MAX = 1 << 16 }; /* bytes of a line, without its newline */

enum pipe_reader_state {
    PIPE_LINE,      /* a line has begun, or may begin */
    PIPE_LONG_LINE, /* passes over a line that is too long */
    PIPE_IMAGE,     /* `wanted` bytes of an image are missing */
    PIPE_PASSED     /* passes over `wanted` bytes of an image that is not taken */
};

/* Begins with all zeros but `most`. */
struct pipe_reader {
    size_t most; /* largest image that is taken, in bytes */
    enum pipe_reader_state state;
    char line[PIPE_LINE_MAX];
    size_t used; /* bytes of the line */
    struct pipe_request request;
    unsigned char *image; /* owned: [held] */
    size_t held, capacity;
    uint64_t wanted;
};

/* A request that is complete; the caller's. */
struct pipe_taken {
    struct pipe_request request;
    void *bytes; /* owned, freed with free(3): [size] the image that followed; NULL: none */
    size_t size;
};

void pipe_taken_free(struct pipe_taken *taken);

/* Reads some of the bytes; *used says how many, all of them unless a request is complete. Takes memory
 * for an image as its bytes come. Returns 1 with *taken filled, 0 if more bytes are needed, or -1 with
 * ERROR_MEMORY. */
int pipe_reader_take(struct pipe_reader *reader, const void *bytes, size_t size, size_t *used,
                     struct pipe_taken *taken, struct error *error);

/* The input has ended. Returns 1 with the last request, 0 if there is none, or -1 with ERROR_MEMORY. An
 * image that is not complete is a fault of its request, and sets *cut. */
int pipe_reader_end(struct pipe_reader *reader, struct pipe_taken *taken, bool *cut,
                    struct error *error);

/* The size of an image that is about to come, before its first byte; else 0. */
size_t pipe_reader_expects(const struct pipe_reader *reader);

void pipe_reader_free(struct pipe_reader *reader);

#endif
