/* Errors and memory: texts are cut, not overrun; sizes that overflow are refused. */
#include "unit.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/plain_text.h"
#include "base/text_mark.h"
#include "base/utf8.h"

START_TEST(error_texts_are_cut_and_prefixed)
{
    struct error error = {0};
    char longer[2 * ERROR_TEXT_SIZE];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    ck_assert_int_eq(error_set(&error, ERROR_MODEL, "%s", longer), -1);
    ck_assert_uint_eq(strlen(error.text), ERROR_TEXT_SIZE - 1);
    error_set_system(&error, ERROR_IO, ENOENT, "a.jpg");
    ck_assert_str_eq(error.text, "a.jpg: No such file or directory");
    ck_assert_int_eq(error.system, ENOENT);
    error_prefix(&error, "run %d", 3);
    ck_assert_str_eq(error.text, "run 3: a.jpg: No such file or directory");
}
END_TEST

/* However long the name, its beginning and all that is said of it remain, in whole characters. */
START_TEST(an_error_text_that_is_too_long_loses_its_middle)
{
    static char name[1 << 17];
    for (size_t length = ERROR_TEXT_SIZE - 60; length < sizeof name / 2; length += length / 90) {
        struct error error = {0};
        name[0] = 'n';
        for (size_t i = 0; i < length; i++)
            memcpy(name + 1 + 2 * i, "\u00e9", 3);
        error_set(&error, ERROR_IMAGE, "%s: a text file, not an image", name);
        error_append(&error, "; leave %s", "it out");
        ck_assert_mem_eq(error.text, "n\u00e9\u00e9", 5);
        ck_assert_ptr_nonnull(strstr(error.text, " ... \u00e9"));
        ck_assert_ptr_nonnull(
            strstr(error.text, "\u00e9: a text file, not an image; leave it out"));
        ck_assert(utf8_valid(error.text, strlen(error.text)));
        error_set_system(&error, ERROR_IO, ENAMETOOLONG, "%s", name);
        error_prefix(&error, "%s", name);
        ck_assert_mem_eq(error.text, "n\u00e9\u00e9", 5);
        ck_assert_ptr_nonnull(strstr(error.text, "\u00e9: File name too long"));
        ck_assert(utf8_valid(error.text, strlen(error.text)));
    }
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    struct error error = {0};
    ck_assert_ptr_null(memory_new(SIZE_MAX / 2, 3, "test", &error));
    ck_assert_int_eq(error.code, ERROR_MEMORY);
    void *array = NULL;
    size_t capacity = 0;
    ck_assert_int_eq(memory_grow(&array, &capacity, SIZE_MAX / 2, 8, &error), -1);
    ck_assert_ptr_null(array);
    struct arena arena = {0};
    arena_take(&arena, SIZE_MAX / 2, 4);
    ck_assert_uint_eq(arena.used, SIZE_MAX);
}
END_TEST

START_TEST(an_arena_measures_then_hands_out)
{
    struct error error = {0};
    struct arena arena = {0};
    ck_assert_ptr_null(arena_take(&arena, 3, 4));
    arena_take(&arena, 100, 1);
    ck_assert_uint_eq(arena.used, 64 + 128);
    arena.size = arena.used;
    arena.base = memory_new(arena.size, 1, "test", &error);
    arena.used = 0;
    unsigned char *first = arena_take(&arena, 3, 4);
    unsigned char *second = arena_take(&arena, 100, 1);
    ck_assert_uint_eq((uintptr_t)first % MEMORY_ALIGNMENT, 0);
    ck_assert_ptr_eq(second, first + 64);
    memory_free(arena.base);
}
END_TEST

START_TEST(hidden_paths)
{
    static const char *const hidden[] = {".a", "x/.a", ".x/a", "./.a", "...", "x/..a/b"};
    static const char *const others[] = {"", "a", "a.b", "./a", "../a", "x/./a", "x//a", "a."};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        ck_assert_msg(path_is_hidden(hidden[i]), "%s", hidden[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(!path_is_hidden(others[i]), "%s", others[i]);
}
END_TEST

START_TEST(marks_and_wide_texts_are_told_apart)
{
    const struct {
        const char *text;
        size_t size, mark;
        const char *wide;
    } texts[] = {
        {"", 0, 0, NULL},
        {"\xef\xbb", 2, 0, NULL},
        {"\xef\xbb\xbf", 3, 3, NULL},
        {"\xef\xbb\xbf{}", 5, 3, NULL},
        {"a.png\n", 6, 0, NULL},
        {"\xff\xfe.jpg\n", 7, 0, NULL}, /* a name of any bytes */
        {"\xff\xfe", 2, 0, "UTF-16"},
        {"\xff\xfe{\0}\0", 6, 0, "UTF-16"},
        {"\xfe\xff\0{\0}", 6, 0, "UTF-16"},
        {"{\0}\0", 4, 0, "UTF-16"},
        {"\0{\0}", 4, 0, "UTF-16"},
        {"\xff\xfe\0\0{\0\0\0", 8, 0, "UTF-32"},
        {"\0\0\xfe\xff\0\0\0{", 8, 0, "UTF-32"},
        {"a.png\0b.png", 12, 0, NULL}, /* a list for --null */
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *wide = text_wide(texts[i].text, texts[i].size);
        ck_assert_uint_eq(text_mark(texts[i].text, texts[i].size), texts[i].mark);
        ck_assert_msg(!wide == !texts[i].wide, "text %zu", i);
        if (wide)
            ck_assert_str_eq(wide, texts[i].wide);
    }
}
END_TEST

START_TEST(text_from_outside_cannot_act_on_a_terminal)
{
    const struct {
        const char *text, *printed;
    } texts[] = {
        {"", ""},
        {"photo-\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.jpg",
         "photo-\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.jpg"},
        {"a\033]52;c;eA==\a.jpg", "a?]52;c;eA==?.jpg"},
        {"a\nmaskmill: done\r\t\177", "a?maskmill: done???"},
        {"\xc2\x80\xc2\x9b"
         "2J\xc2\x9f\xc2\xa0",
         "??2J?\xc2\xa0"}, /* C1: CSI in one character */
        {"\x9b"
         "2J\xff\xe2\x80",
         "?2J???"}, /* no UTF-8 */
        {"gpj.\xe2\x80\xae"
         "exe\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f",
         "gpj.?exe???"},
        {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\x8d\xe2\x81\xaa", "??\xe2\x80\x8d\xe2\x81\xaa"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *printed = NULL;
        size_t size;
        FILE *out = open_memstream(&printed, &size);
        ck_assert_ptr_nonnull(out);
        plain_print(out, texts[i].text);
        plain_line(out, "|%s: %d", texts[i].text, 7);
        ck_assert_int_eq(fclose(out), 0);
        char expected[256];
        snprintf(expected, sizeof expected, "%s|%s: 7\n", texts[i].printed, texts[i].printed);
        ck_assert_str_eq(printed, expected);
        free(printed);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");
    tcase_add_test(tests, hidden_paths);
    tcase_add_test(tests, error_texts_are_cut_and_prefixed);
    tcase_add_test(tests, an_error_text_that_is_too_long_loses_its_middle);
    tcase_add_test(tests, sizes_that_overflow_are_refused);
    tcase_add_test(tests, an_arena_measures_then_hands_out);
    tcase_add_test(tests, text_from_outside_cannot_act_on_a_terminal);
    tcase_add_test(tests, marks_and_wide_texts_are_told_apart);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
