/* lettering_glyphs.h - the shapes of the letters; for lettering.c.
 *
 * A letter is a text of strokes, separated by blanks. A stroke is a sequence of points, two characters
 * each, x and y, from 0 to 16 ("0" .. "9", "a" .. "g"). Capitals reach from y = 0 down to the base line at 12,
 * small letters begin at 4. A stroke is a line through its points; after '~' a curve (a uniform quadratic
 * B-spline with its ends at the first and last point); after '@' the same, closed. One point is a dot. */
#ifndef PICTURES_LETTERING_GLYPHS_H
#define PICTURES_LETTERING_GLYPHS_H

enum { LETTERING_FIRST = ' ', LETTERING_LAST = '~', LETTERING_BASE = 12 };

extern const char *const lettering_glyphs[LETTERING_LAST - LETTERING_FIRST + 1];

#endif
