/* unescape.h - character references of HTML in a text become the characters. Both functions append to `to`, which is
 * another text than `points`, and return 0, or -1 with ERROR_MEMORY. */
#ifndef TEXT_UNESCAPE_H
#define TEXT_UNESCAPE_H

#include <stddef.h>
#include <stdint.h>

struct code_points;
struct error;

/* As Python's html.unescape, which is HTML5's rule: "&notit;" is U+00AC and "it;", for "&not" may lack its semicolon.
 * */
int unescape_html(const uint32_t *points, size_t count, struct code_points *to,
                  struct error *error);

/* As ftfy's unescape_html: only whole references with a semicolon; and names in capitals for the capital letter:
 * "&EACUTE;" is U+00C9. */
int unescape_plain(const uint32_t *points, size_t count, struct code_points *to,
                   struct error *error);

#endif
