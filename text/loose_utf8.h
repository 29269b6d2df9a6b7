/* loose_utf8.h - UTF-8 and two variants of it: CESU-8, in which a character above U+FFFF is a pair of surrogates of
 * three bytes each, and Java's, in which U+0000 is C0 80. */
#ifndef TEXT_LOOSE_UTF8_H
#define TEXT_LOOSE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

struct code_points;
struct error;

/* Appends what the bytes stand for to `to`; the variants are read if `loose`. Returns 1; 0 if they are not UTF-8, with
 * a part of them appended; or -1 with ERROR_MEMORY. A newline at the end may stand for the last byte of a variant's
 * character, as ftfy's codec has it. */
int loose_utf8(const unsigned char *bytes, size_t count, bool loose, struct code_points *to,
               struct error *error);

#endif
