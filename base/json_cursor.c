#include "base/json_cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/parse.h"
#include "base/text_mark.h"

enum { BUFFER = 1 << 18, NUMBER = 24 };

static int fail(struct json_cursor *cursor, const char *fault)
{
    if (!cursor->fault)
        cursor->fault = fault;
    return -1;
}

/* Makes a byte available at `at`. False at the end of the text, or if it cannot be read. */
static bool fill(struct json_cursor *cursor)
{
    ssize_t got;
    if (cursor->at < cursor->end)
        return true;
    if (!cursor->buffer || cursor->fault)
        return false;
    cursor->base += (uint64_t)(cursor->end - cursor->start);
    do
        got = read(cursor->fd, cursor->buffer, BUFFER);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        cursor->system = errno;
        fail(cursor, "cannot be read");
    }
    cursor->start = cursor->at = cursor->buffer;
    cursor->end = cursor->buffer + (got > 0 ? got : 0);
    return got > 0;
}

static uint64_t offset_of(const struct json_cursor *cursor)
{
    return cursor->base + (uint64_t)(cursor->at - cursor->start);
}

static void pass_mark(struct json_cursor *cursor)
{
    cursor->line = 1;
    if (fill(cursor))
        cursor->at += text_mark(cursor->at, (size_t)(cursor->end - cursor->at));
}

void json_cursor_text(struct json_cursor *cursor, const char *text, size_t length)
{
    *cursor = (struct json_cursor){.start = text, .at = text, .end = text + length, .fd = -1};
    pass_mark(cursor);
}

int json_cursor_file(struct json_cursor *cursor, int fd, struct error *error)
{
    char *buffer = malloc(BUFFER);
    *cursor = (struct json_cursor){
        .start = buffer, .at = buffer, .end = buffer, .fd = fd, .buffer = buffer};
    if (!buffer)
        return error_set(error, ERROR_MEMORY, "no memory to read JSON");
    pass_mark(cursor);
    return 0;
}

void json_cursor_free(struct json_cursor *cursor)
{
    free(cursor->buffer);
    *cursor = (struct json_cursor){0};
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* The next byte that is no blank, which stays; -1 at the end. */
static int peek(struct json_cursor *cursor)
{
    while (!cursor->fault && fill(cursor)) {
        if (!is_blank(*cursor->at))
            return (unsigned char)*cursor->at;
        cursor->line += *cursor->at++ == '\n';
    }
    return -1;
}

/* Passes over the rest of a string, whose first quote was passed. */
static int pass_string(struct json_cursor *cursor)
{
    bool escaped = false; /* the next byte belongs to a backslash in the buffer before */
    while (fill(cursor)) {
        cursor->at += escaped;
        escaped = false;
        size_t held = (size_t)(cursor->end - cursor->at);
        const char *quote = memchr(cursor->at, '"', held);
        const char *slash = memchr(cursor->at, '\\', quote ? (size_t)(quote - cursor->at) : held);
        if (slash) {
            escaped = slash + 1 == cursor->end;
            cursor->at = slash + 1 + !escaped;
        } else if (quote) {
            cursor->at = quote + 1;
            return 0;
        } else {
            cursor->at = cursor->end;
        }
    }
    return fail(cursor, "the text ends within a string");
}

/* Passes over an object or an array, from its first bracket on. */
static int pass_brackets(struct json_cursor *cursor)
{
    size_t depth = 0;
    while (fill(cursor)) {
        switch (*cursor->at++) {
        case '"':
            if (pass_string(cursor))
                return -1;
            break;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (--depth == 0)
                return 0;
            break;
        case '\n':
            cursor->line++;
            break;
        default:
            break;
        }
    }
    return fail(cursor, "the text ends before its last bracket");
}

static bool ends_word(char byte)
{
    return is_blank(byte) || strchr(",:[]{}\"", byte);
}

/* Passes over a number, true, false or null. Its first bytes go to `word`, if they fit all. */
static int pass_word(struct json_cursor *cursor, char word[NUMBER])
{
    size_t length = 0;
    for (; fill(cursor) && !ends_word(*cursor->at); cursor->at++)
        if (length++ < NUMBER)
            word[length - 1] = *cursor->at;
    word[length < NUMBER ? length : 0] = 0;
    return length ? 0 : fail(cursor, "a value is missing");
}

static int pass_value(struct json_cursor *cursor, char word[NUMBER])
{
    int byte = peek(cursor);
    word[0] = 0;
    if (byte == '{' || byte == '[')
        return pass_brackets(cursor);
    if (byte != '"')
        return pass_word(cursor, word);
    cursor->at++;
    return pass_string(cursor);
}

uint64_t json_cursor_offset(struct json_cursor *cursor)
{
    peek(cursor);
    return offset_of(cursor);
}

int json_cursor_enter(struct json_cursor *cursor, char bracket)
{
    int byte = peek(cursor);
    if (byte < 0)
        return fail(cursor, "'[' or '{' expected near end of file");
    if (byte != bracket)
        return 0;
    cursor->at++;
    cursor->first = true;
    return 1;
}

/* Reads a member's name, whose first quote was passed, and its colon. */
static int pass_key(struct json_cursor *cursor, char key[JSON_KEY])
{
    size_t length = 0;
    for (; fill(cursor) && *cursor->at != '"' && *cursor->at != '\\'; cursor->at++)
        if (length++ < JSON_KEY)
            key[length - 1] = *cursor->at;
    key[length < JSON_KEY && fill(cursor) && *cursor->at == '"' ? length : 0] = 0;
    if (pass_string(cursor))
        return -1;
    if (peek(cursor) != ':')
        return fail(cursor, "a colon is missing after a member's name");
    cursor->at++;
    return 0;
}

int json_cursor_next(struct json_cursor *cursor, char key[JSON_KEY])
{
    int byte = peek(cursor);
    bool first = cursor->first;
    cursor->first = false;
    if (byte < 0)
        return fail(cursor, "the text ends before its last bracket");
    if (byte == (key ? '}' : ']')) {
        cursor->at++;
        return 0;
    }
    if (!first) {
        if (byte != ',')
            return fail(cursor, key ? "',' or '}' expected" : "',' or ']' expected");
        cursor->at++;
        byte = peek(cursor);
    }
    if (!key)
        return 1;
    if (byte != '"')
        return fail(cursor, "a member's name in quotes is expected");
    cursor->at++;
    return pass_key(cursor, key) ? -1 : 1;
}

int json_cursor_skip(struct json_cursor *cursor, struct json_piece *piece)
{
    char word[NUMBER];
    struct json_piece here;
    if (peek(cursor) < 0)
        return fail(cursor, "a value is missing");
    here.offset = offset_of(cursor);
    here.line = cursor->line;
    if (pass_value(cursor, word))
        return -1;
    here.length = offset_of(cursor) - here.offset;
    if (piece)
        *piece = here;
    return 0;
}

int json_cursor_integer(struct json_cursor *cursor, int64_t *number)
{
    char word[NUMBER];
    if (pass_value(cursor, word))
        return -1;
    return parse_integer(word, INT64_MIN, INT64_MAX, number);
}

int json_cursor_end(struct json_cursor *cursor)
{
    if (peek(cursor) >= 0)
        return fail(cursor, "end of file expected");
    return cursor->fault ? -1 : 0;
}
