/* gunzip.h - bytes of a gzip file, unpacked in memory. */
#ifndef TEXT_GUNZIP_H
#define TEXT_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* Whether the bytes begin as a gzip file does. */
bool gunzip_recognise(const char *bytes, size_t size);

/* Unpacks the first member of a gzip file, of at most `most` bytes. *text ends with a zero that *length does not count;
 * the caller frees it with free(3); NULL after a failure. Returns 0, or -1 with ERROR_MODEL (damaged, cut off, too
 * large) or ERROR_MEMORY. */
int gunzip(const char *bytes, size_t size, size_t most, char **text, size_t *length,
           struct error *error);

#endif
