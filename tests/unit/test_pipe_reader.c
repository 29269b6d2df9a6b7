/* Requests of `maskmill pipe`, cut from bytes that come in any pieces. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "program/pipe/pipe_reader.h"

enum { MOST = 1000 };

static struct pipe_reader *reader_new(void)
{
    struct error error;
    struct pipe_reader *reader = memory_new(1, sizeof *reader, "reader", &error);
    ck_assert_ptr_nonnull(reader);
    reader->most = MOST;
    return reader;
}

static void reader_free(struct pipe_reader *reader)
{
    pipe_reader_free(reader);
    memory_free(reader);
}

/* Appends "ID PATH NAME SIZE 'FAULT'" of a request to `seen`. */
static void note(char *seen, size_t size, struct pipe_taken *taken)
{
    const struct pipe_request *request = &taken->request;
    size_t used = strlen(seen);
    snprintf(seen + used, size - used, "%s|%s|%s|%zu:%.*s|%s\n", request->id,
             request->path ? request->path : "-", request->name, taken->size, (int)taken->size,
             taken->bytes ? (const char *)taken->bytes : "",
             request->fault.code ? request->fault.text : "");
    pipe_taken_free(taken);
}

/* Reads the input in pieces of `piece` bytes into lines of what was found. Returns whether it was cut. */
static bool read_pieces(const char *input, size_t length, size_t piece, char *seen, size_t size)
{
    struct pipe_reader *reader = reader_new();
    struct pipe_taken taken;
    struct error error;
    bool cut;
    seen[0] = 0;
    while (length > 0) {
        size_t used;
        size_t given = piece < length ? piece : length;
        int found = pipe_reader_take(reader, input, given, &used, &taken, &error);
        ck_assert_int_ge(found, 0);
        ck_assert_uint_gt(used, 0);
        ck_assert_uint_le(used, given);
        if (found > 0)
            note(seen, size, &taken);
        input += used;
        length -= used;
    }
    if (pipe_reader_end(reader, &taken, &cut, &error) > 0)
        note(seen, size, &taken);
    reader_free(reader);
    return cut;
}

static void expect(const char *input, const char *wanted, bool wanted_cut)
{
    char seen[4096];
    for (size_t piece = 1; piece <= strlen(input) + 1; piece++) {
        bool cut = read_pieces(input, strlen(input), piece, seen, sizeof seen);
        ck_assert_str_eq(seen, wanted);
        ck_assert_int_eq(cut, wanted_cut);
    }
}

START_TEST(requests_are_lines_and_bytes)
{
    expect("", "", false);
    expect("\n\r\n\n", "", false);
    expect("a/b.jpg\n./c d.png",
           "\"id\": \"a/b.jpg\"|a/b.jpg|a/b.jpg|0:|\n"
           "\"id\": \"./c d.png\"|./c d.png|c d.png|0:|\n",
           false);
    expect(
        "{\"id\":7,\"bytes\":5}\nab\nde\n{\"id\":\"x\", \"bytes\": 1 }\n\n/q.png\n",
        "\"id\": 7|-|7|5:ab\nde|\n\"id\": \"x\"|-|x|1:\n|\n\"id\": \"/q.png\"|/q.png|q.png|0:|\n",
        false);
    expect("{\"bytes\":2,\"name\":\"/u/../v.png\",\"id\":-1e2}\nab", "\"id\": -1e2|-|v.png|2:ab|\n",
           false);
}
END_TEST

START_TEST(a_request_with_a_fault_leaves_the_next_one_alone)
{
    expect("{\nok\n",
           "\"id\": null|-|image|0:|request: not valid JSON: string or '}' expected near end of "
           "file\n\"id\": \"ok\"|ok|ok|0:|\n",
           false);
    expect("{\"id\":1,\"bytes\":1001}\n",
           "\"id\": 1|-|1|0:|1: the input ended after 0 of its 1001 bytes\n", true);
    expect("{\"bytes\":3}\nabc{\"id\":true,\"bytes\":2}\nde\nok\n",
           "\"id\": null|-|image|0:|request: \"id\" is missing\n"
           "\"id\": null|-|image|0:|request: \"id\" must be a string or a number\n"
           "\"id\": \"ok\"|ok|ok|0:|\n",
           false);
    expect("{\"id\":\"\",\"bytes\":3,\"path\":\"p\"}\nabcok\n",
           "\"id\": \"\"|-|image|0:|request: \"path\" and \"bytes\" exclude each other\n"
           "\"id\": \"ok\"|ok|ok|0:|\n",
           false);
    expect("{\"id\":1,\"bytes\":3}\nab",
           "\"id\": 1|-|1|0:|1: the input ended after 2 of its 3 bytes\n", true);
}
END_TEST

/* Objects that are not taken, but whose `bytes` can be read, and others. */
START_TEST(the_image_of_an_object_that_is_not_taken_is_passed_over)
{
    static const char *const objects[] = {
        "{\"id\":\"\\udcff.jpg\",\"bytes\":3}",
        "{\"id\":1,\"bytes\":3,\"x\":1e999}",
        "{\"id\":1,\"id\":2,\"bytes\":3}",
        "{\"id\":NaN,\"bytes\":3}",
        "{\"id\":1,\"x\":{\"bytes\":9,},\"bytes\":3}",
    };
    static const char *const others[] = {
        "{\"id\":1,\"bytes\":3,\"bytes\":3}", "{\"id\":1,\"bytes\":3,}x", "{\"id\":1,\"bytes\":3",
        "{\"id\":1,\"bytes\":-3,,}",          "{\"bytes\":3}}",
    };
    char input[128], seen[4096];
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        int length = snprintf(input, sizeof input, "%s\na\ncok\n", objects[i]);
        for (size_t piece = 1; piece <= (size_t)length; piece++) {
            ck_assert(!read_pieces(input, (size_t)length, piece, seen, sizeof seen));
            ck_assert_ptr_nonnull(strstr(seen, "|-|image|0:|request: not valid JSON: "));
            ck_assert_ptr_nonnull(strstr(seen, "\n\"id\": \"ok\"|ok|ok|0:|\n"));
            ck_assert_ptr_null(strstr(seen, "\"a\""));
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        int length = snprintf(input, sizeof input, "%s\na\ncok\n", others[i]);
        ck_assert(!read_pieces(input, (size_t)length, 7, seen, sizeof seen));
        ck_assert_ptr_nonnull(strstr(seen, "\n\"id\": \"a\"|a|a|0:|\n"));
    }
}
END_TEST

START_TEST(an_image_that_is_too_large_is_passed_over)
{
    static char input[4096];
    static char seen[4096];
    int head = snprintf(input, sizeof input, "{\"id\": 1, \"bytes\": 1001}\n");
    memset(input + head, '\n', 1001);
    int tail = snprintf(input + head + 1001, 100, "ok\n");
    for (size_t piece = 1; piece < sizeof input; piece = 3 * piece + 1) {
        read_pieces(input, (size_t)head + 1001 + (size_t)tail, piece, seen, sizeof seen);
        ck_assert_str_eq(seen, "\"id\": 1|-|1|0:|1: 1001 bytes, more than the 1000 that are taken\n"
                               "\"id\": \"ok\"|ok|ok|0:|\n");
    }
}
END_TEST

START_TEST(a_line_that_is_too_long_is_passed_over)
{
    static char input[3 * PIPE_LINE_MAX];
    static char seen[4 * PIPE_LINE_MAX];
    static const char behind[4] = {'\n', 'o', 'k', '\n'};
    for (size_t length = PIPE_LINE_MAX - 1; length < PIPE_LINE_MAX + 3; length++) {
        memset(input, 'x', length);
        memcpy(input + length, behind, sizeof behind);
        for (size_t piece = 1000; piece < 200000; piece *= 3) {
            read_pieces(input, length + 4, piece, seen, sizeof seen);
            bool refused = strstr(seen, "the line has more than 65536 bytes") != NULL;
            ck_assert_int_eq(refused, length > PIPE_LINE_MAX);
            ck_assert_ptr_nonnull(strstr(seen, "\"id\": \"ok\"|ok|ok|0:|\n"));
        }
    }
}
END_TEST

START_TEST(a_path_may_have_any_bytes)
{
    expect("a\xff.png\n",
           "\"id\": \"a\\ufffd.png\", \"id_hex\": \"61ff2e706e67\"|a\xff.png|a\xff.png|0:|\n",
           false);
    char seen[256];
    read_pieces("a\0b\n", 4, 2, seen, sizeof seen);
    ck_assert_str_eq(seen, "\"id\": \"a\\u0000b\"|a|a|0:|the path has a byte 0\n");
}
END_TEST

/* So that a caller can make room, and does not have to for what never comes. */
START_TEST(an_image_is_announced_and_takes_memory_as_it_comes)
{
    struct pipe_reader *reader = reader_new();
    struct pipe_taken taken;
    struct error error;
    size_t used;
    static const char input[] = "{\"id\":1,\"bytes\":3000000000}\nab";
    reader->most = (size_t)4 << 30;
    ck_assert_uint_eq(pipe_reader_expects(reader), 0);
    ck_assert_int_eq(pipe_reader_take(reader, input, strlen(input), &used, &taken, &error), 0);
    ck_assert_uint_eq(used, strlen(input) - 2);
    ck_assert_uint_eq(pipe_reader_expects(reader), 3000000000);
    ck_assert_int_eq(pipe_reader_take(reader, input + used, 2, &used, &taken, &error), 0);
    ck_assert_uint_eq(pipe_reader_expects(reader), 0);
    ck_assert_uint_le(reader->capacity, 1 << 20);
    reader_free(reader);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pipe_reader");
    TCase *tcase = tcase_create("pipe_reader");
    tcase_add_test(tcase, requests_are_lines_and_bytes);
    tcase_add_test(tcase, a_request_with_a_fault_leaves_the_next_one_alone);
    tcase_add_test(tcase, the_image_of_an_object_that_is_not_taken_is_passed_over);
    tcase_add_test(tcase, an_image_that_is_too_large_is_passed_over);
    tcase_add_test(tcase, a_line_that_is_too_long_is_passed_over);
    tcase_add_test(tcase, a_path_may_have_any_bytes);
    tcase_add_test(tcase, an_image_is_announced_and_takes_memory_as_it_comes);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
