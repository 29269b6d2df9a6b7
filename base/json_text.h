/* json_text.h - writes JSON piece by piece, byte for byte as Python's json.dump does. */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* A growing text. All zeros is a valid empty one. Appending after a failure does nothing, so
 * callers check once, at the end. */
struct json_text {
    char *bytes; /* owned; not terminated until json_text_take */
    size_t used, capacity;
    bool no_memory;
    bool not_finite; /* a NaN or an infinity was appended: JSON has neither */
};

/* Appends bytes unchanged. */
void json_text_raw(struct json_text *text, const char *raw);
void json_text_bytes(struct json_text *text, const void *bytes, size_t size);

void json_text_integer(struct json_text *text, int64_t number);

/* Appends a double as Python's repr does: with the fewest digits that read back the same (a power
 * of two may get one more), and ".0" after whole numbers. Exact for |number| < 1e15. */
void json_text_double(struct json_text *text, double number);

/* Appends `size` bytes as a quoted ASCII string. Other characters become \u escapes, and bytes that
 * are not valid UTF-8 become \ufffd. */
void json_text_string(struct json_text *text, const char *string, size_t size);

/* Appends bytes as a quoted string of two hexadecimal digits each. */
void json_text_hexadecimal(struct json_text *text, const void *bytes, size_t size);

/* Terminates the text and gives it to the caller, who frees it with free(3). *length (may be NULL)
 * is its strlen. The struct is empty afterwards. Returns NULL with ERROR_MEMORY, or with
 * ERROR_RECORD if a number was not finite. */
char *json_text_take(struct json_text *text, size_t *length, struct error *error);

/* Frees an unfinished text. */
void json_text_free(struct json_text *text);

#endif
