/* fix_text.h - mends a text that programs have damaged, as the Python package ftfy 6.3 does it with its defaults
 * (ftfy.fix_text; copyright Robyn Speer, Apache License 2.0). */
#ifndef TEXT_FIX_TEXT_H
#define TEXT_FIX_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct code_points;
struct error;

/* Appends the mended text to `to`, which is another text than `points`. Line by line, until nothing changes any more:
 *   - references of HTML become characters, up to the first line with a "<";
 *   - mojibake is undone (repair.h), controls of Latin-1 become what Windows-1252 has there;
 *   - ligatures of Latin letters become letters; letters of full and half width ordinary ones;
 *   - curly quotes become straight; line breaks of all kinds "\n";
 *   - colours and the like of terminals, and controls, go;
 *   - form C (normal_form.h).
 * Returns 0, or -1 with ERROR_MEMORY, or ERROR_USAGE if the text is wrapped in hundreds of layers. */
int fix_text(const uint32_t *points, size_t count, struct code_points *to, struct error *error);

#endif
