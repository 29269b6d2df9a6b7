/* json_text.h - JSON text built piece by piece, with the bytes that Python's json.dump gives. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* A growing text. Zeroed is a valid empty start. Appending after a failure does nothing, so a
 * caller checks once, at the end. */
struct json_text {
    char *bytes; /* owned; not terminated until json_text_take */
    size_t used, capacity;
    bool no_memory;
    bool not_finite; /* a NaN or an infinity was appended: JSON has neither */
};

/* Appends as it stands. */
void json_text_raw(struct json_text *text, const char *raw);
void json_text_bytes(struct json_text *text, const void *bytes, size_t size);

void json_text_integer(struct json_text *text, int64_t number);

/* Appends a double as Python's repr does: the fewest digits that read back the same (one more
 * may come for a power of two), with ".0" after whole numbers. Exact for |number| < 1e15. */
void json_text_double(struct json_text *text, double number);

/* Appends a quoted string of `size` bytes, ASCII only: other characters become \u escapes, and
 * every byte that is no part of valid UTF-8 becomes \ufffd. */
void json_text_string(struct json_text *text, const char *string, size_t size);

/* Terminates the text and hands it over to the caller (free(3)); *length (may be NULL) is its
 * strlen. The struct is empty afterwards. Returns NULL with ERROR_MEMORY, or ERROR_RECORD when a
 * number was not finite. */
char *json_text_take(struct json_text *text, size_t *length, struct error *error);

/* Frees an unfinished text. */
void json_text_free(struct json_text *text);

#endif
