/* lettering.h - text as lines: letters of one weight, drawn by coverage_line. Pictures need no fonts for
 * them, and are the same on every machine.
 *
 * There are letters for the printable characters of ASCII; any other character of UTF-8, and any byte
 * that is none, looks like '?'. Sizes are given by the height of capitals. */
#ifndef PICTURES_LETTERING_H
#define PICTURES_LETTERING_H

#include <stddef.h>

struct coverage;

/* What descends below the base line ('g'), and the best width of lines: shares of the height. */
#define LETTERING_DESCENT 0.34
#define LETTERING_LINE 0.13

/* Pixels from the left of the first letter to the right of the last, without the width of lines. */
double lettering_width(const char *text, double height);

/* Adds the text's lines to a coverage (coverage_lines). `at` is the left end of the base line. */
void lettering_draw(struct coverage *coverage, const char *text, const float at[2], double height);

/* Writes `text` into short_text[size], with as much of its middle left out, as "...", that it is no wider than
 * `most`. Characters stay whole. What is longer than `size` is cut. */
void lettering_shorten(const char *text, double height, double most, char *short_text, size_t size);

#endif
