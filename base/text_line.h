/* text_line.h - lines of a file that may be damaged, of bounded length. */
#ifndef BASE_TEXT_LINE_H
#define BASE_TEXT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct error;

/* Zeroed at first; used for one line after the other. */
struct text_line {
    char *bytes; /* owned: [used], not terminated */
    size_t used, capacity;
    bool cut;  /* the line is longer than was allowed, and its end is left out */
    bool torn; /* the file ends within the line */
};

/* Reads the next line without its newline, `most` bytes of it. Returns 1; 0 at the end of the file,
 * or if it cannot be read (ferror); or -1 with ERROR_MEMORY. */
int text_line_next(struct text_line *line, FILE *file, size_t most, struct error *error);

void text_line_free(struct text_line *line);

#endif
