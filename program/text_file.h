/* text_file.h - the whole text of a file that an option names: a configuration, a point grid. */
#ifndef PROGRAM_TEXT_FILE_H
#define PROGRAM_TEXT_FILE_H

#include <stddef.h>

struct error;

enum { TEXT_FILE_MAX = 16 << 20 }; /* bytes */

/* Reads a regular file, or a pipe without a name as shells make them (/dev/stdin, <(command)). A
 * pipe with a name and a device are refused: they might never end. *text ends with a zero that
 * *size does not count; the caller frees it with free(3). Returns 0, or -1 with ERROR_USAGE or
 * ERROR_MEMORY and nothing to free; messages do not name the file. */
int text_file_read(const char *path, char **text, size_t *size, struct error *error);

#endif
