/* normal_form.h - Unicode's normal form C: letters and accents that follow become one character where there is one.
 *
 * GLib's g_utf8_normalize takes time with the square of a run of accents; this does not. */
#ifndef TEXT_NORMAL_FORM_H
#define TEXT_NORMAL_FORM_H

#include <stddef.h>
#include <stdint.h>

struct code_points;
struct error;

/* Appends the text in form C (Unicode Standard Annex 15); `to` is empty and another text than `points`. Returns 0,
 * or -1 with ERROR_MEMORY. */
int normal_form(const uint32_t *points, size_t count, struct code_points *to, struct error *error);

#endif
