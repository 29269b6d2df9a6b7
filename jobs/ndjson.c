#include "jobs/ndjson.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

static void put(struct ndjson *line, const char *bytes, size_t length)
{
    struct error error;
    if (line->failed ||
        memory_grow((void **)&line->text, &line->capacity, line->length + length + 1, 1, &error)) {
        line->failed = true;
        return;
    }
    memcpy(line->text + line->length, bytes, length);
    line->length += length;
    line->text[line->length] = '\0';
}

static void put_text(struct ndjson *line, const char *text)
{
    put(line, text, strlen(text));
}

/* The comma before all members but the first, then the member's name. */
static void put_name(struct ndjson *line, const char *name, const char *suffix)
{
    if (line->length > 0 && !strchr("{[", line->text[line->length - 1]))
        put_text(line, ",");
    if (!name)
        return;
    put_text(line, "\"");
    put_text(line, name);
    put_text(line, suffix);
    put_text(line, "\":");
}

static void put_string(struct ndjson *line, const char *value)
{
    size_t length = strlen(value);
    put_text(line, "\"");
    while (length > 0) {
        size_t size = utf8_character(value, length);
        unsigned char byte = (unsigned char)value[0];
        char escape[8];
        if (size == 0) {
            put_text(line, "\xef\xbf\xbd");
            size = 1;
        } else if (byte == '"' || byte == '\\') {
            put(line, (const char[]){'\\', value[0]}, 2);
        } else if (byte < 0x20 || byte == 0x7f) {
            put(line, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", byte));
        } else {
            put(line, value, size);
        }
        value += size;
        length -= size;
    }
    put_text(line, "\"");
}

void ndjson_begin(struct ndjson *line)
{
    line->length = 0;
    line->failed = false;
    put_text(line, "{");
}

void ndjson_string(struct ndjson *line, const char *name, const char *value)
{
    put_name(line, name, "");
    put_string(line, value);
}

void ndjson_name(struct ndjson *line, const char *name, const char *value)
{
    ndjson_string(line, name, value);
    if (utf8_valid(value, strlen(value)))
        return;
    put_name(line, name, "_hex");
    put_text(line, "\"");
    for (; *value; value++) {
        char digits[3];
        snprintf(digits, sizeof digits, "%02x", (unsigned char)*value);
        put(line, digits, 2);
    }
    put_text(line, "\"");
}

void ndjson_integer(struct ndjson *line, const char *name, uint64_t value)
{
    char text[24];
    put_name(line, name, "");
    put(line, text, (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)value));
}

void ndjson_real(struct ndjson *line, const char *name, double value, int digits)
{
    char text[400]; /* the largest double has 309 digits before the point */
    put_name(line, name, "");
    if (!isfinite(value)) {
        put_text(line, "null");
        return;
    }
    snprintf(text, sizeof text, "%.*f", digits, value);
    char *comma = strchr(text, ','); /* of a locale that somebody has set */
    if (comma)
        *comma = '.';
    put_text(line, text);
}

void ndjson_boolean(struct ndjson *line, const char *name, bool value)
{
    put_name(line, name, "");
    put_text(line, value ? "true" : "false");
}

void ndjson_array(struct ndjson *line, const char *name)
{
    put_name(line, name, "");
    put_text(line, "[");
}

void ndjson_object(struct ndjson *line)
{
    put_name(line, NULL, "");
    put_text(line, "{");
}

void ndjson_close(struct ndjson *line)
{
    put_text(line, "}");
}

void ndjson_close_array(struct ndjson *line)
{
    put_text(line, "]");
}

int ndjson_end(struct ndjson *line)
{
    put_text(line, "}\n");
    return line->failed ? -1 : 0;
}

void ndjson_free(struct ndjson *line)
{
    free(line->text);
    *line = (struct ndjson){0};
}
