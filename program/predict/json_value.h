/* json_value.h - built JSON, written again: with the fewest digits that read back the same. */
#ifndef PROGRAM_PREDICT_JSON_VALUE_H
#define PROGRAM_PREDICT_JSON_VALUE_H

#include <jansson.h>

struct json_text;

/* Appends a value of any kind. Objects keep the order of their members. The value was built from text,
 * so its depth is bounded by Jansson's parser. */
void json_value_append(struct json_text *text, const json_t *value);

void json_value_member(struct json_text *text, const char *name, const json_t *value);

#endif
