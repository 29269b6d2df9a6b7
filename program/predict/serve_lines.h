/* serve_lines.h - requests of `maskmill predict --serve-ndjson`, line by line. */
#ifndef PROGRAM_PREDICT_SERVE_LINES_H
#define PROGRAM_PREDICT_SERVE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "program/pipe/pipe_input.h"

struct error;

enum { SERVE_LINE_MAX = 16 << 20 }; /* bytes of a line, without its newline */

/* Begins with all zeros but `input`. */
struct serve_lines {
    struct pipe_input input;
    char *bytes; /* owned, freed with free(3): [used] */
    size_t used, capacity;
    size_t from;    /* of the next line */
    size_t scanned; /* up to here there is no newline */
    bool ended;
};

/* A line, valid until the next call. */
struct serve_line {
    const char *bytes; /* [length], without its newline */
    size_t length;
    bool cut; /* it is longer than SERVE_LINE_MAX: nothing of it is here */
};

/* The next line; the last one may lack its newline. Returns 1; 0 at the end of the input, or if it is
 * time to stop; or -1 as pipe_input_read, or with ERROR_MEMORY. */
int serve_lines_next(struct serve_lines *lines, struct serve_line *line, struct error *error);

void serve_lines_free(struct serve_lines *lines);

#endif
