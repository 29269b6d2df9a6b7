/* base64.h - bytes as text (RFC 4648, section 4, with padding). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

/* Characters that `size` bytes become. */
size_t base64_length(size_t size);

/* Writes base64_length(size) characters to `text`, not terminated. */
void base64_encode(char *text, const void *bytes, size_t size);

#endif
