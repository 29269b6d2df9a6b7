/* pipe_request.h - one request of `maskmill pipe`, from its line. docs/pipe.md has the protocol. */
#ifndef PROGRAM_PIPE_PIPE_REQUEST_H
#define PROGRAM_PIPE_PIPE_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Begins with all zeros. */
struct pipe_request {
    /* owned: the first members of the answer, such as "id": 7. A path that is not UTF-8 adds
     * "id_hex" with its exact bytes. */
    char *id;
    char *path; /* owned: the file to read; NULL: the image follows the line */
    char *name; /* owned: names the image in the record, and in messages if there is no path */
    uint64_t follows;   /* bytes of the image behind the line; 0: none */
    struct error fault; /* why the request cannot be done; code ERROR_NONE if it can */
};

/* Reads a line without its newline; what is wrong with it becomes request->fault. Whatever fault there
 * is, `follows` says how many bytes lie behind the line, if it can be told. Returns 0, or -1 with
 * ERROR_MEMORY. Freed with pipe_request_free in either case. */
int pipe_request_read(struct pipe_request *request, const char *line, size_t length,
                      struct error *error);

/* Makes the request one that cannot be done, without an id, for lines that are not read. 0, or -1 with
 * ERROR_MEMORY. */
int pipe_request_refuse(struct pipe_request *request, const char *reason, struct error *error);

/* Frees what the request owns and zeroes it. */
void pipe_request_free(struct pipe_request *request);

#endif
