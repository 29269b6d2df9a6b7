#include "program/predict/json_value.h"

#include <string.h>

#include "base/json_text.h"

static void append_object(struct json_text *text, const json_t *object)
{
    const char *name;
    json_t *value;
    bool first = true;
    json_text_raw(text, "{");
    json_object_foreach((json_t *)object, name, value)
    {
        json_text_raw(text, first ? "" : ", ");
        json_text_string(text, name, strlen(name));
        json_text_raw(text, ": ");
        json_value_append(text, value);
        first = false;
    }
    json_text_raw(text, "}");
}

static void append_array(struct json_text *text, const json_t *array)
{
    json_text_raw(text, "[");
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_text_raw(text, i ? ", " : "");
        json_value_append(text, json_array_get(array, i));
    }
    json_text_raw(text, "]");
}

void json_value_append(struct json_text *text, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        append_object(text, value);
        break;
    case JSON_ARRAY:
        append_array(text, value);
        break;
    case JSON_STRING:
        json_text_string(text, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        json_text_integer(text, json_integer_value(value));
        break;
    case JSON_REAL:
        json_text_double(text, json_real_value(value));
        break;
    case JSON_TRUE:
        json_text_raw(text, "true");
        break;
    case JSON_FALSE:
        json_text_raw(text, "false");
        break;
    case JSON_NULL:
        json_text_raw(text, "null");
        break;
    }
}

void json_value_member(struct json_text *text, const char *name, const json_t *value)
{
    json_text_raw(text, ", ");
    json_text_string(text, name, strlen(name));
    json_text_raw(text, ": ");
    json_value_append(text, value);
}
