/* lower_case.h - a text in small letters, as Python's str.lower. */
#ifndef TEXT_LOWER_CASE_H
#define TEXT_LOWER_CASE_H

#include <stddef.h>
#include <stdint.h>

struct code_points;
struct error;

/* Appends the text in small letters by Unicode's full mapping, of no language: U+0130 becomes "i" and U+0307; a capital
 * sigma at a word's end the final one. `to` is another text than `points`. Returns 0, or -1 with ERROR_MEMORY. */
int lower_case(const uint32_t *points, size_t count, struct code_points *to, struct error *error);

#endif
