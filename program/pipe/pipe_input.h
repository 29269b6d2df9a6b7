/* pipe_input.h - waits for bytes on standard input, for a signal, and for a reader that is gone. */
#ifndef PROGRAM_PIPE_PIPE_INPUT_H
#define PROGRAM_PIPE_PIPE_INPUT_H

#include <stddef.h>
#include <sys/types.h>

struct error;
struct stop;

struct pipe_input {
    int input, output;       /* descriptors */
    const struct stop *stop; /* ends the waiting */
};

/* Reads what is there, `size` bytes at most, and waits while there is nothing. Returns how many bytes
 * came; 0 at the end of the input, or if `stop` is set; or -1: with ERROR_IO and the system's EPIPE if
 * nobody reads the output any more, with another if the input cannot be read. */
ssize_t pipe_input_read(const struct pipe_input *pipe, void *bytes, size_t size,
                        struct error *error);

#endif
