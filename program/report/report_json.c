#include "program/report/report_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_text.h"

void report_json_next(struct json_text *text, const char *name)
{
    char last = text->used ? text->bytes[text->used - 1] : '{';
    if (last != '{' && last != '[')
        json_text_raw(text, ",");
    if (!name)
        return;
    json_text_raw(text, "\"");
    json_text_raw(text, name);
    json_text_raw(text, "\":");
}

void report_json_integer(struct json_text *text, const char *name, int64_t number)
{
    report_json_next(text, name);
    json_text_integer(text, number);
}

void report_json_string(struct json_text *text, const char *name, const char *string)
{
    report_json_next(text, name);
    json_text_string(text, string, strlen(string));
}

/* Whole numbers without a point: they are most, and shorter. */
static void put_number(struct json_text *text, double number)
{
    if (!isfinite(number))
        json_text_raw(text, "null");
    else if (number == floor(number) && fabs(number) < 1e15)
        json_text_integer(text, (int64_t)number);
    else
        json_text_double(text, number);
}

void report_json_number(struct json_text *text, const char *name, double number)
{
    report_json_next(text, name);
    put_number(text, number);
}

void report_json_rounded(struct json_text *text, const char *name, double number, int digits)
{
    double scale = pow(10, digits);
    report_json_next(text, name);
    put_number(text, isfinite(number) ? round(number * scale) / scale : number);
}

void report_json_hex(struct json_text *text, const char *name, const char *bytes)
{
    report_json_next(text, name);
    json_text_raw(text, "\"");
    for (; *bytes; bytes++) {
        char digits[3];
        snprintf(digits, sizeof digits, "%02x", (unsigned char)*bytes);
        json_text_raw(text, digits);
    }
    json_text_raw(text, "\"");
}
