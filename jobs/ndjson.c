#include "jobs/ndjson.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* A comma unless this is the first member, then the member's name. */
static void put_name(struct ndjson *line, const char *name, const char *suffix)
{
    struct json_text *text = &line->text;
    if (text->used > 0 && text->bytes[text->used - 1] != '{' && text->bytes[text->used - 1] != '[')
        json_text_raw(text, ",");
    if (!name)
        return;
    json_text_raw(text, "\"");
    json_text_raw(text, name);
    json_text_raw(text, suffix);
    json_text_raw(text, "\":");
}

void ndjson_begin(struct ndjson *line)
{
    line->text.used = 0;
    line->text.no_memory = false;
    json_text_raw(&line->text, "{");
}

void ndjson_string(struct ndjson *line, const char *name, const char *value)
{
    put_name(line, name, "");
    json_text_string(&line->text, value, strlen(value));
}

/* Appends "bytes in hexadecimal", with the quotes. */
static void put_hex(struct ndjson *line, const char *value)
{
    json_text_raw(&line->text, "\"");
    for (; *value; value++) {
        char digits[3];
        snprintf(digits, sizeof digits, "%02x", (unsigned char)*value);
        json_text_raw(&line->text, digits);
    }
    json_text_raw(&line->text, "\"");
}

void ndjson_name(struct ndjson *line, const char *name, const char *value)
{
    ndjson_string(line, name, value);
    if (utf8_valid(value, strlen(value)))
        return;
    put_name(line, name, "_hex");
    put_hex(line, value);
}

void ndjson_hex(struct ndjson *line, const char *name, const char *value)
{
    put_name(line, name, "");
    put_hex(line, utf8_valid(value, strlen(value)) ? "" : value);
}

void ndjson_integer(struct ndjson *line, const char *name, uint64_t value)
{
    put_name(line, name, "");
    json_text_integer(&line->text, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

void ndjson_real(struct ndjson *line, const char *name, double value, int digits)
{
    char text[400]; /* the largest double has 309 digits before the point */
    put_name(line, name, "");
    snprintf(text, sizeof text, "%.*f", digits, value);
    char *comma = strchr(text, ','); /* the locale's decimal separator */
    if (comma)
        *comma = '.';
    json_text_raw(&line->text, isfinite(value) ? text : "null");
}

void ndjson_number(struct ndjson *line, double value)
{
    put_name(line, NULL, "");
    json_text_double(&line->text, value);
}

void ndjson_array(struct ndjson *line, const char *name)
{
    put_name(line, name, "");
    json_text_raw(&line->text, "[");
}

void ndjson_object(struct ndjson *line)
{
    put_name(line, NULL, "");
    json_text_raw(&line->text, "{");
}

void ndjson_close(struct ndjson *line)
{
    json_text_raw(&line->text, "}");
}

void ndjson_close_array(struct ndjson *line)
{
    json_text_raw(&line->text, "]");
}

int ndjson_end(struct ndjson *line)
{
    json_text_raw(&line->text, "}\n");
    return line->text.no_memory ? -1 : 0;
}

void ndjson_free(struct ndjson *line)
{
    json_text_free(&line->text);
}
