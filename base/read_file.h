/* read_file.h - a whole file in memory. */
#ifndef BASE_READ_FILE_H
#define BASE_READ_FILE_H

#include <stddef.h>

struct error;

/* Reads a regular file of at most `most` bytes. *bytes ends with a zero that *size does not count;
 * the caller frees it with free(3). Returns 0, or -1 with ERROR_IO (missing, unreadable, not a
 * regular file, too large) or ERROR_MEMORY. Messages begin with the path. */
int read_file(const char *path, size_t most, char **bytes, size_t *size, struct error *error);

/* The same for a file that is open; `path` is for messages. The descriptor stays open. */
int read_descriptor(int fd, const char *path, size_t most, char **bytes, size_t *size,
                    struct error *error);

/* Opens a regular file for reading, as read_file does: a pipe or a device is refused at once. Returns
 * the descriptor, which the caller closes, or -1 with ERROR_IO. */
int read_file_open(const char *path, struct error *error);

#endif
