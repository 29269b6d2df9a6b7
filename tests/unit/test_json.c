/* JSON passed over and built within bounds. */
#include "unit.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json_cursor.h"
#include "base/json_load.h"
#include "base/text_line.h"

static struct error error;

/* A file in memory with these bytes, at its beginning. */
static int file_of(const char *text, size_t length)
{
    int file = memfd_create("test", MFD_CLOEXEC);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, length), (ssize_t)length);
    ck_assert_int_eq(lseek(file, 0, SEEK_SET), 0);
    return file;
}

static const char sample[] = "\xef\xbb\xbf {\n \"a\\\"b\": [1, {\"x\": \"]}\"}, -7],\n"
                             " \"number\" : 12 , \"empty\": {}, \"none\": [ ]}\n ";

/* Walks the sample. */
static void walk(struct json_cursor *cursor)
{
    char key[JSON_KEY];
    struct json_piece piece;
    int64_t number = 0;
    ck_assert_int_eq(json_cursor_enter(cursor, '['), 0);
    ck_assert_int_eq(json_cursor_enter(cursor, '{'), 1);
    ck_assert_int_eq(json_cursor_next(cursor, key), 1);
    ck_assert_str_eq(key, ""); /* escapes are not undone */
    ck_assert_int_eq(json_cursor_enter(cursor, '['), 1);
    ck_assert_int_eq(json_cursor_next(cursor, NULL), 1);
    ck_assert_int_eq(json_cursor_integer(cursor, &number), 1);
    ck_assert_int_eq(number, 1);
    ck_assert_int_eq(json_cursor_next(cursor, NULL), 1);
    ck_assert_int_eq(json_cursor_skip(cursor, &piece), 0);
    ck_assert_uint_eq(piece.line, 2);
    ck_assert_uint_eq(piece.length, strlen("{\"x\": \"]}\"}"));
    ck_assert(memcmp(sample + piece.offset, "{\"x\": \"]}\"}", piece.length) == 0);
    ck_assert_int_eq(json_cursor_next(cursor, NULL), 1);
    ck_assert_int_eq(json_cursor_integer(cursor, &number), 1);
    ck_assert_int_eq(number, -7);
    ck_assert_int_eq(json_cursor_next(cursor, NULL), 0);
    ck_assert_int_eq(json_cursor_next(cursor, key), 1);
    ck_assert_str_eq(key, "number");
    ck_assert_int_eq(json_cursor_skip(cursor, &piece), 0);
    ck_assert_uint_eq(piece.length, 2);
    ck_assert_uint_eq(piece.line, 3);
    ck_assert_int_eq(json_cursor_next(cursor, key), 1);
    ck_assert_int_eq(json_cursor_integer(cursor, &number), 0);
    ck_assert_int_eq(json_cursor_next(cursor, key), 1);
    ck_assert_int_eq(json_cursor_enter(cursor, '['), 1);
    ck_assert_int_eq(json_cursor_next(cursor, NULL), 0);
    ck_assert_int_eq(json_cursor_next(cursor, key), 0);
    ck_assert_int_eq(json_cursor_end(cursor), 0);
}

START_TEST(walks_a_text_and_a_file)
{
    struct json_cursor cursor;
    json_cursor_text(&cursor, sample, sizeof sample - 1);
    walk(&cursor);
    int file = file_of(sample, sizeof sample - 1);
    ck_assert_int_eq(json_cursor_file(&cursor, file, &error), 0);
    walk(&cursor);
    json_cursor_free(&cursor);
    close(file);
}
END_TEST

/* Escapes at any place against the end of the buffer. */
START_TEST(buffers_end_anywhere)
{
    enum { BUFFER = 1 << 18 };
    static char text[BUFFER + 64];
    for (size_t shift = 0; shift < 16; shift++) {
        struct json_cursor cursor;
        struct json_piece piece;
        size_t length = BUFFER - shift;
        memset(text, ' ', length);
        text[0] = '[';
        text[1] = '"';
        memset(text + 2, 'x', length - 2);
        length += (size_t)snprintf(text + length, 64, "\\\"\\\\\\\\\", \"\\\\\", 5]");
        int file = file_of(text, length);
        ck_assert_int_eq(json_cursor_file(&cursor, file, &error), 0);
        ck_assert_int_eq(json_cursor_enter(&cursor, '['), 1);
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(json_cursor_next(&cursor, NULL), 1);
            ck_assert_int_eq(json_cursor_skip(&cursor, &piece), 0);
        }
        ck_assert(text[piece.offset] == '5' && piece.length == 1);
        ck_assert_int_eq(json_cursor_next(&cursor, NULL), 0);
        ck_assert_int_eq(json_cursor_end(&cursor), 0);
        json_cursor_free(&cursor);
        close(file);
    }
}
END_TEST

static const struct {
    const char *text, *fault;
} faults[] = {
    {"", "'[' or '{' expected near end of file"},
    {"[", "the text ends before its last bracket"},
    {"[1", "the text ends before its last bracket"},
    {"[1 2]", "',' or ']' expected"},
    {"[1,]", "a value is missing"},
    {"[,1]", "a value is missing"},
    {"[[1]", "the text ends before its last bracket"},
    {"[\"x]", "the text ends within a string"},
    {"[\"x\\\"]", "the text ends within a string"},
    {"[\"x\\", "the text ends within a string"},
    {"[{\"x\": [}", "the text ends before its last bracket"},
    {"[] 1", "end of file expected"},
};

START_TEST(tells_what_is_wrong)
{
    struct json_cursor cursor;
    int more;
    json_cursor_text(&cursor, faults[_i].text, strlen(faults[_i].text));
    more = json_cursor_enter(&cursor, '[');
    while (more > 0 && (more = json_cursor_next(&cursor, NULL)) > 0)
        more = json_cursor_skip(&cursor, NULL) ? -1 : 1;
    if (more == 0)
        more = json_cursor_end(&cursor);
    ck_assert_int_eq(more, -1);
    ck_assert_str_eq(cursor.fault, faults[_i].fault);
    ck_assert_int_eq(json_cursor_skip(&cursor, NULL), -1);
}
END_TEST

/* A text of `count` times `value`, with commas in a list. */
static char *list_of(const char *value, size_t count, size_t *length)
{
    size_t size = strlen(value);
    char *text = malloc(count * (size + 1) + 2), *at = text;
    ck_assert_ptr_nonnull(text);
    *at++ = '[';
    for (size_t i = 0; i < count; i++) {
        memcpy(at, value, size);
        at[size] = ',';
        at += size + 1;
    }
    at[-1] = ']';
    *length = (size_t)(at - text);
    return text;
}

START_TEST(memory_is_bounded)
{
    static const char *const values[] = {"[]", "{}", "1", "\"\"", "[[],[]]", "{\"a\":{}}"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        size_t length;
        json_error_t reason;
        char *text = list_of(values[i], 3000000, &length);
        ck_assert_ptr_null(json_load_bounded(text, length, 0, &reason));
        ck_assert_str_eq(reason.text,
                         "too many values: they would take more than 128 MiB of memory");
        free(text);
        text = list_of(values[i], 100000, &length);
        json_t *built = json_load_bounded(text, length, 0, &reason);
        ck_assert_ptr_nonnull(built);
        json_decref(built);
        free(text);
    }
}
END_TEST

/* A long string is one value, whatever stands in it. */
START_TEST(long_strings_are_read)
{
    enum { LENGTH = 32 << 20 };
    char *text = malloc(LENGTH);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', LENGTH);
    text[1] = text[LENGTH - 2] = '"';
    text[LENGTH - 1] = ']';
    json_t *built = json_load_bounded(text, LENGTH, 0, NULL);
    ck_assert_ptr_nonnull(built);
    json_decref(built);
    ck_assert_ptr_null(json_load_bounded(text, LENGTH - 2, 0, NULL));
    free(text);
}
END_TEST

START_TEST(lines_are_cut)
{
    static const char text[] = "one\n\nlonger than five\nlast";
    static const struct {
        const char *bytes;
        bool cut, torn;
    } expected[] = {
        {"one", false, false}, {"", false, false}, {"longe", true, false}, {"last", false, true}};
    struct text_line line = {0};
    FILE *file = fdopen(file_of(text, strlen(text)), "r");
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        ck_assert_int_eq(text_line_next(&line, file, 5, &error), 1);
        ck_assert_uint_eq(line.used, strlen(expected[i].bytes));
        ck_assert(line.used == 0 || memcmp(line.bytes, expected[i].bytes, line.used) == 0);
        ck_assert(line.cut == expected[i].cut && line.torn == expected[i].torn);
    }
    ck_assert_int_eq(text_line_next(&line, file, 5, &error), 0);
    text_line_free(&line);
    fclose(file);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("json");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, walks_a_text_and_a_file);
    tcase_add_test(tests, buffers_end_anywhere);
    tcase_add_loop_test(tests, tells_what_is_wrong, 0, (int)(sizeof faults / sizeof faults[0]));
    tcase_add_test(tests, memory_is_bounded);
    tcase_add_test(tests, long_strings_are_read);
    tcase_add_test(tests, lines_are_cut);
    Suite *suite = suite_create("json");
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
