/* utf8.h - file names are bytes; JSON, metrics and terminals want UTF-8. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length in bytes (1 to 4) of the UTF-8 character that begins at text[0], or 0 where none does:
 * overlong forms, surrogates, code points above U+10FFFF and characters cut off at `length` are
 * refused (RFC 3629). `length` must be at least 1. */
size_t utf8_character(const char *text, size_t length);

/* Whether all `length` bytes are UTF-8. */
bool utf8_valid(const char *text, size_t length);

#endif
