/* utf8.h - checks UTF-8: file names are any bytes, but JSON, metrics and terminals need UTF-8. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length in bytes (1 to 4) of the UTF-8 character at the start of `text`, or 0 if there is
 * none. Overlong forms, surrogates, code points above U+10FFFF and characters cut off at `length`
 * are refused (RFC 3629). `length` is at least 1. */
size_t utf8_character(const char *text, size_t length);

/* Whether all `length` bytes are valid UTF-8. */
bool utf8_valid(const char *text, size_t length);

#endif
