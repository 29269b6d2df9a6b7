/* code_points.h - a text as an array of code points. */
#ifndef TEXT_CODE_POINTS_H
#define TEXT_CODE_POINTS_H

#include <stddef.h>
#include <stdint.h>

struct error;

enum { CODE_POINT_MAX = 0x10ffff, CODE_POINT_REPLACEMENT = 0xfffd };

/* All zeros is a valid empty text. */
struct code_points {
    uint32_t *points; /* [count] owned; freed by code_points_free */
    size_t count, capacity;
};

/* Appends one. Returns 0, or -1 with ERROR_MEMORY. */
int code_points_add(struct code_points *text, uint32_t point, struct error *error);

/* Appends `count`, which are not of `text` itself. Returns 0, or -1 with ERROR_MEMORY. */
int code_points_add_all(struct code_points *text, const uint32_t *points, size_t count,
                        struct error *error);

/* Appends UTF-8 of `length` bytes. Each malformed byte becomes CODE_POINT_REPLACEMENT. Returns 0, or -1 with
 * ERROR_MEMORY. */
int code_points_add_utf8(struct code_points *text, const char *bytes, size_t length,
                         struct error *error);

/* Writes a code point (none of a surrogate) as UTF-8, not terminated. Returns its length, 1 to 4. */
size_t code_point_utf8(uint32_t point, char bytes[4]);

/* The text as UTF-8, terminated; freed by free(3). NULL with ERROR_MEMORY. */
char *code_points_utf8(const struct code_points *text, struct error *error);

/* Leaves an empty text. */
void code_points_free(struct code_points *text);

#endif
