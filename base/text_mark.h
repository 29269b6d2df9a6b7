/* text_mark.h - byte order marks and wide encodings at the start of texts from other systems.
 *
 * Windows tools write lists and configurations with a mark before UTF-8 text, or in UTF-16. */
#ifndef BASE_TEXT_MARK_H
#define BASE_TEXT_MARK_H

#include <stddef.h>

/* Length in bytes of a UTF-8 byte order mark at the start of `text`: 3, or 0 if there is none. */
size_t text_mark(const char *text, size_t size);

/* "UTF-16" or "UTF-32" if the first bytes of a text show that encoding, NULL otherwise. Text without
 * a mark counts as UTF-16 if its first two characters look like ASCII in UTF-16. A text that has a
 * mark but no NUL is not wide: names and quotes may begin with any byte. */
const char *text_wide(const char *text, size_t size);

#endif
