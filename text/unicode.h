/* unicode.h - classes of characters, as Python and its module `regex` have them, from GLib's tables.
 *
 * Characters that are newer than GLib's Unicode belong to no class here. GLib 2.74 has Unicode 15.0. */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/* White space: what str.strip and \s of `re` take, which is \s of `regex` and U+001C to U+001F. */
bool unicode_is_space(uint32_t point);

/* \p{L} */
bool unicode_is_letter(uint32_t point);

/* \p{N} */
bool unicode_is_number(uint32_t point);

/* \d of `re`. */
bool unicode_is_decimal(uint32_t point);

/* Cased characters, and those that the rule of the final sigma looks past (Unicode, section 3.13); a character is of
 * one of both kinds at most. */
bool unicode_is_cased(uint32_t point);
bool unicode_is_case_ignorable(uint32_t point);

#endif
