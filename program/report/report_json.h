/* report_json.h - members and columns of a report's documents. */
#ifndef PROGRAM_REPORT_REPORT_JSON_H
#define PROGRAM_REPORT_REPORT_JSON_H

#include <stdint.h>

struct json_text;

/* Appends a comma unless an object or an array was just begun; then, if `name` is not NULL, the name
 * of a member. */
void report_json_next(struct json_text *text, const char *name);

/* Each appends a member, or an element if `name` is NULL. */
void report_json_integer(struct json_text *text, const char *name, int64_t number);
/* A string of any bytes; those that are not UTF-8 become U+FFFD. */
void report_json_string(struct json_text *text, const char *name, const char *string);
/* The exact number; null if it is not finite. */
void report_json_number(struct json_text *text, const char *name, double number);
/* Rounded to `digits` decimals, 0 to 9; null if it is not finite. */
void report_json_rounded(struct json_text *text, const char *name, double number, int digits);
/* The bytes in hexadecimal. */
void report_json_hex(struct json_text *text, const char *name, const char *bytes);

#endif
