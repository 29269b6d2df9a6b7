/* lines.h - a text file line by line, when lines may be torn or larger than anybody wrote. */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stddef.h>
#include <stdio.h>

struct error;

/* The line that was read last. Zeroed at first, reused, freed with free(line.bytes). */
struct line {
    char *bytes; /* [used], without the newline; not terminated */
    size_t used, capacity;
};

enum line_kind {
    LINE_END, /* of the file: there is no further line */
    LINE_WHOLE,
    LINE_TORN /* more than `most` bytes, or the last one without its newline */
};

/* Reads the next line. Returns an enum line_kind, or -1 with ERROR_MEMORY. What cannot be read ends the
 * file: see ferror(3). */
int line_next(FILE *file, size_t most, struct line *line, struct error *error);

#endif
