/* json_cursor.h - passes over JSON value by value without building it: in memory, or in a file of
 * any size. What is larger than one wants to build is cut into pieces by it.
 *
 * Only brackets, quotes, commas and colons are looked at. Whoever uses a piece parses it
 * (json_load.h), which checks the rest. Errors stick: after one, every call fails, and `fault` says
 * why, with `line`.
 *
 *   json_cursor_enter(&cursor, '{')
 *   while (json_cursor_next(&cursor, key) > 0)
 *       strcmp(key, "images") == 0 ? ... : json_cursor_skip(&cursor, NULL);
 *   json_cursor_end(&cursor)
 */
#ifndef BASE_JSON_CURSOR_H
#define BASE_JSON_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

struct json_cursor {
    const char *start, *at, *end; /* what is held of the text; `at` is the next byte */
    uint64_t base;                /* offset of `start` in the text */
    size_t line;                  /* of `at`, from 1 */
    bool first;                   /* right behind an opening bracket */
    int fd;                       /* a file's; -1: the text is in memory */
    char *buffer;                 /* owned; NULL: the text is in memory */
    const char *fault;            /* NULL, or what is wrong with the text at `line` */
    int system;                   /* errno if the file cannot be read */
};

/* A value within the text. */
struct json_piece {
    uint64_t offset, length; /* bytes */
    size_t line;             /* where it begins, from 1 */
};

/* Begins a text in memory, which must outlive the cursor. A byte order mark is passed over. */
void json_cursor_text(struct json_cursor *cursor, const char *text, size_t length);

/* Begins a file at its current position, offset 0; the caller closes it. Returns 0, or -1 with
 * ERROR_MEMORY. */
int json_cursor_file(struct json_cursor *cursor, int fd, struct error *error);

/* Frees what the cursor owns. A zeroed one is allowed. */
void json_cursor_free(struct json_cursor *cursor);

/* Passes over blanks and returns the offset in bytes of what follows. */
uint64_t json_cursor_offset(struct json_cursor *cursor);

/* Goes into the next value if it begins with `bracket`, '{' or '['. Returns 1 if so, 0 if it is
 * another value, which is still the next one, or -1. */
int json_cursor_enter(struct json_cursor *cursor, char bracket);

enum { JSON_KEY = 32 };

/* Goes to the next member of the object or array that was entered. `key` gets its name, as it is
 * written, "" if it is longer than JSON_KEY - 1 bytes; NULL in an array. Returns 1, then one value
 * must be entered or passed; 0 past the closing bracket; or -1. */
int json_cursor_next(struct json_cursor *cursor, char key[JSON_KEY]);

/* Passes over the next value. `piece` (may be NULL) says where it is. Returns 0 or -1. */
int json_cursor_skip(struct json_cursor *cursor, struct json_piece *piece);

/* Passes over the next value. Returns 1 if it is a whole number, which goes to *number; 0 if it is
 * anything else; or -1. */
int json_cursor_integer(struct json_cursor *cursor, int64_t *number);

/* Returns 0 if nothing follows but blanks, or -1. */
int json_cursor_end(struct json_cursor *cursor);

#endif
