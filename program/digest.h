/* digest.h - SHA-256, which identifies a model. */
#ifndef PROGRAM_DIGEST_H
#define PROGRAM_DIGEST_H

#include <stddef.h>

struct error;

enum { DIGEST_TEXT = 65 }; /* 64 hexadecimal digits and a NUL */

/* SHA-256 of a file's bytes, in lower case. 0, or -1 with ERROR_IO. */
int digest_file(const char *path, char text[DIGEST_TEXT], struct error *error);

/* SHA-256 of `size` bytes. */
void digest_bytes(const void *bytes, size_t size, char text[DIGEST_TEXT]);

/* SHA-256 of bytes that come in pieces. digest_new never returns NULL. */
struct digest;
struct digest *digest_new(void);
void digest_add(struct digest *digest, const void *bytes, size_t size);

/* Writes the result and frees the digest. */
void digest_finish(struct digest *digest, char text[DIGEST_TEXT]);

#endif
