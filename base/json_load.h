/* json_load.h - JSON from strangers, built by Jansson within a bound on memory.
 *
 * Jansson takes up to a hundred bytes of memory for a byte of text: "[]," becomes an array of some
 * 140 bytes. */
#ifndef BASE_JSON_LOAD_H
#define BASE_JSON_LOAD_H

#include <jansson.h>
#include <stddef.h>

/* The most memory that one text may become. It is room for two million numbers. */
enum { JSON_MEMORY_MAX = 128 << 20 }; /* bytes */

/* As json_loadb. A text that would take more memory than JSON_MEMORY_MAX is refused: NULL, and
 * *reason (may be NULL) says so with line 1. */
json_t *json_load_bounded(const char *text, size_t length, size_t flags, json_error_t *reason);

#endif
