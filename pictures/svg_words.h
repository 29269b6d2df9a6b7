/* svg_words.h - bytes from outside within XML. */
#ifndef PICTURES_SVG_WORDS_H
#define PICTURES_SVG_WORDS_H

#include <stddef.h>
#include <stdint.h>

struct json_text;

/* Appends a text of any bytes as characters of XML: markup is escaped, and what XML does not allow
 * (control characters, bytes that are not UTF-8, U+FFFE and U+FFFF) becomes U+FFFD. */
void svg_words_text(struct json_text *to, const char *text);

/* Appends bytes as base64. Source: RFC 4648. */
void svg_words_base64(struct json_text *to, const uint8_t *bytes, size_t size);

#endif
