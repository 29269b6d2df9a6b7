/* serve_request.h - one request of `maskmill predict --serve-ndjson`, from its line. docs/predict.md has
 * the protocol. */
#ifndef PROGRAM_PREDICT_SERVE_REQUEST_H
#define PROGRAM_PREDICT_SERVE_REQUEST_H

#include <stddef.h>

#include "base/error.h"
#include "program/prompts/prompt_set.h"

/* Begins with all zeros. */
struct serve_request {
    char *id;              /* owned: JSON as it was written; "null" */
    char *image;           /* owned: the file's path; NULL if there is a fault */
    struct prompt_set set; /* owned; empty: the image is only encoded */
    struct error fault;    /* why the request cannot be done; code ERROR_NONE if it can */
};

/* Reads a line without its newline; untrusted. Returns 0, or -1 with ERROR_MEMORY; serve_request_free in
 * either case. */
int serve_request_read(struct serve_request *request, const char *line, size_t length,
                       struct error *error);

void serve_request_free(struct serve_request *request);

#endif
