/* plain_text.h - text from outside on terminals and in logs: file names, metadata, and messages that
 * hold them.
 *
 * A name may hold escape sequences that move the cursor or set the clipboard, a newline that fakes
 * a message of its own, or marks that reverse the order of what follows (CVE-2021-42574). Each of
 * these becomes '?': control characters (U+0000 to U+001F, U+007F to U+009F), line and paragraph
 * separators (U+2028, U+2029), bidirectional marks and embeddings (U+061C, U+200E, U+200F, U+202A to
 * U+202E, U+2066 to U+2069), and bytes that are not UTF-8. Everything else is printed as it is. */
#ifndef BASE_PLAIN_TEXT_H
#define BASE_PLAIN_TEXT_H

#include <stdbool.h>
#include <stdio.h>

/* Whether nothing in the text becomes '?'. */
bool plain_is(const char *text);

/* Prints the text. */
void plain_print(FILE *out, const char *text);

/* Formats a line and prints it, with a newline at its end that is not a part of the format. */
void plain_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
