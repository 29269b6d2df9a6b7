/* pipe_output.h - answers, written whole. */
#ifndef PROGRAM_PIPE_PIPE_OUTPUT_H
#define PROGRAM_PIPE_PIPE_OUTPUT_H

#include <stddef.h>

struct error;

/* Writes all bytes, and waits while their reader does not read. Returns 0, or -1 with ERROR_IO and the
 * system's errno: EPIPE if nobody reads any more. */
int pipe_output_write(int output, const char *text, size_t length, struct error *error);

#endif
