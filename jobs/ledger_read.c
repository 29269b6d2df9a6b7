#include "jobs/ledger.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/hex.h"
#include "base/json_load.h"
#include "base/lines.h"
#include "jobs/shard.h"

enum { LINE_MAX_BYTES = 1 << 20 };

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name)); /* NULL if it is no string */
}

static uint64_t integer_of(const json_t *object, const char *name)
{
    json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (uint64_t)value : 0;
}

static uint32_t small_of(const json_t *object, const char *name)
{
    uint64_t value = integer_of(object, name);
    return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static bool is_alphanumeric(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9');
}

/* Whether a member of this name can be a number of the caller's. */
static bool is_callers_name(const char *name)
{
    static const char *const taken[] = {
        "event", "time",     "host",    "pid",    "writer", "shard", "reason",  "path",
        "tar",   "path_hex", "tar_hex", "status", "bytes",  "error", "seconds", "worker"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (name[0] == taken[i][0] && strcmp(name, taken[i]) == 0)
            return false;
    size_t letters = 0;
    while (name[letters] == '_' || is_alphanumeric(name[letters]))
        letters++;
    return letters > 0 && name[letters] == '\0';
}

/* Sets the caller's numbers: the first whole numbers of the object, in its order, that are no
 * members of the ledger's own. */
static void find_numbers(const json_t *object, struct ledger_line *line)
{
    const char *name;
    json_t *value;
    int count = 0;
    json_object_foreach((json_t *)object, name, value)
    {
        if (count == LEDGER_NUMBERS)
            return;
        if (json_is_integer(value) && json_integer_value(value) >= 0 && is_callers_name(name))
            line->numbers[count++] =
                (struct ledger_number){name, (uint64_t)json_integer_value(value)};
    }
}

static bool parse_event(const json_t *object, struct ledger_line *line)
{
    line->status = LEDGER_EVENT;
    line->reason = text_of(object, "reason");
    line->shard = text_of(object, "shard");
    line->host = text_of(object, "host");
    line->writer = text_of(object, "writer");
    line->pid = integer_of(object, "pid");
    return true;
}

/* A line's names if they are not UTF-8; freed by take_line. */
struct names {
    char *key, *tar;
};

/* Reads the name `member`. If `hex_member` exists, its bytes are the name, in *bytes. *name is NULL
 * if there is no name. False if the name is invalid. */
static bool parse_bytes(const json_t *object, const char *member, const char *hex_member,
                        const char **name, char **bytes)
{
    const char *escaped = text_of(object, hex_member);
    *name = text_of(object, member);
    if (!escaped)
        return !*name || (*name)[0];
    *bytes = strdup(escaped);
    if (!*name || !*bytes || !hex_decode_name(*bytes))
        return false;
    *name = *bytes;
    return true;
}

/* Fills `line`, whose strings belong to `object` or `names`. False if the object is no valid line.
 */
static bool parse_line(const json_t *object, struct ledger_line *line, struct names *names)
{
    *line = (struct ledger_line){.time = json_number_value(json_object_get(object, "time"))};
    line->event = text_of(object, "event");
    find_numbers(object, line);
    if (line->event)
        return parse_event(object, line);
    const char *status = text_of(object, "status");
    if (!status || !parse_bytes(object, "path", "path_hex", &line->key, &names->key) ||
        !line->key || !parse_bytes(object, "tar", "tar_hex", &line->tar, &names->tar))
        return false;
    if (strcmp(status, "done") == 0)
        line->status = LEDGER_DONE;
    else if (strcmp(status, "failed") == 0)
        line->status = LEDGER_FAILED;
    else if (strcmp(status, "read") == 0)
        line->status = LEDGER_NONE;
    else
        return false;
    line->bytes = integer_of(object, "bytes");
    line->worker = small_of(object, "worker");
    line->seconds = json_number_value(json_object_get(object, "seconds"));
    line->error = text_of(object, "error");
    return true;
}

/* Counts a line and calls `visit` if it is valid. */
static int take_line(const char *text, size_t length, ledger_visit *visit, void *context,
                     struct ledger_reading *reading)
{
    struct ledger_line line;
    struct names names = {0};
    int status = 0;
    json_t *object = json_load_bounded(text, length, 0, NULL);
    if (json_is_object(object) && parse_line(object, &line, &names)) {
        reading->lines++;
        status = visit(context, &line);
    } else {
        reading->bad++;
    }
    free(names.key);
    free(names.tar);
    json_decref(object);
    return status;
}

/* Reads the lines of an open ledger. As ledger_read. */
static int read_lines(FILE *file, ledger_visit *visit, void *context,
                      struct ledger_reading *reading, struct error *error)
{
    struct line line = {0};
    int kind;
    int status = 0;
    while (status == 0 && (kind = line_next(file, LINE_MAX_BYTES, &line, error)) != LINE_END) {
        if (kind < 0)
            status = -1;
        else if (kind == LINE_TORN)
            reading->bad++;
        else if (line.used > 0)
            status = take_line(line.bytes, line.used, visit, context, reading);
    }
    free(line.bytes);
    return status;
}

int ledger_read(const struct folder *run, const char *name, ledger_visit *visit, void *context,
                struct ledger_reading *reading, struct error *error)
{
    struct ledger_reading none = {0};
    struct stat facts;
    reading = reading ? reading : &none;
    *reading = (struct ledger_reading){0};
    FILE *file = folder_stream(run, name, error);
    if (!file)
        return -1;
    int status = 0;
    if (fstat(fileno(file), &facts) == 0 && facts.st_size > LEDGER_FILE_MAX)
        status =
            error_set(error, ERROR_IO, "%s%s: %lld bytes are more than a ledger has; remove it",
                      run->prefix, name, (long long)facts.st_size);
    if (status == 0)
        status = read_lines(file, visit, context, reading, error);
    if (status == 0 && ferror(file))
        status = error_set_system(error, ERROR_IO, errno, "cannot read the ledger '%s%s'",
                                  run->prefix, name);
    fclose(file);
    return status;
}
