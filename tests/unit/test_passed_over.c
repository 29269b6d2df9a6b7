/* What a run passes over: counts by reason, as text and as JSON. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "jobs/ndjson.h"
#include "jobs/passed_over.h"

static void expect_text(const struct passed_over *passed, const char *expected)
{
    char text[PASSED_TEXT_SIZE];
    passed_over_text(passed, text);
    ck_assert_str_eq(text, expected);
}

START_TEST(endings_are_named_the_most_frequent_first)
{
    struct passed_over passed = {0};
    expect_text(&passed, "");
    const char *names[] = {"a.dcm",     "x/a.bmp",    "b.BMP",
                           "c.bmp",     "v.1/README", ".bashrc",
                           "1.2.840.1", "dot.",       "a.much-too-long-ending",
                           "a.\xffjpg", "x.e x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        passed_over_name(&passed, names[i]);
    passed_over_add(&passed, PASSED_HIDDEN);
    passed_over_add(&passed, PASSED_LINK);
    passed_over_add(&passed, PASSED_LINK);
    expect_text(&passed, "14 passed over: 4 without ending, 3 .bmp, 1 .dcm, 3 with other endings, "
                         "1 hidden, 2 links to folders");
    ck_assert_uint_eq(passed_over_total(&passed), 14);
}
END_TEST

START_TEST(memory_and_text_are_bounded)
{
    struct passed_over passed = {0};
    struct passed_over sum = {0};
    char name[32];
    char text[PASSED_TEXT_SIZE];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "a.x%d", i);
        passed_over_name(&passed, name);
    }
    passed_over_text(&passed, text);
    ck_assert_ptr_nonnull(strstr(text, "1 .x0, 1 .x1, 1 .x10,"));
    ck_assert_ptr_nonnull(strstr(text, ", 992 with other endings"));
    passed_over_sum(&sum, &passed);
    passed_over_sum(&sum, &passed);
    ck_assert_uint_eq(passed_over_total(&sum), 2000);
    for (size_t i = 0; i < PASSED_ENDINGS; i++) {
        memset(passed.endings[i].text, 'w', PASSED_ENDING_SIZE - 1);
        passed.endings[i].count = UINT64_MAX / 64;
    }
    for (size_t i = 0; i < PASSED_REASONS; i++)
        passed.counts[i] = UINT64_MAX / 64;
    passed_over_text(&passed, text);
    ck_assert_ptr_nonnull(strstr(text, " repeated"));
}
END_TEST

START_TEST(json_is_an_array_that_can_be_read_back)
{
    struct passed_over passed = {0};
    struct ndjson line = {0};
    passed_over_name(&passed, "a");
    passed_over_name(&passed, "a.bmp");
    passed_over_name(&passed, "a.much-too-long-ending");
    passed_over_add(&passed, PASSED_REPEATED);
    ndjson_begin(&line);
    passed_over_json(&passed, &line, "found");
    ck_assert_int_eq(ndjson_end(&line), 0);
    const char expected[] = "{\"found\":[{\"reason\":\"ending\",\"ending\":\"\",\"count\":1},"
                            "{\"reason\":\"ending\",\"ending\":\".bmp\",\"count\":1},"
                            "{\"reason\":\"ending\",\"count\":1},"
                            "{\"reason\":\"repeated\",\"count\":1}]}\n";
    ck_assert_msg(line.text.used == sizeof expected - 1 &&
                      memcmp(line.text.bytes, expected, line.text.used) == 0,
                  "%.*s", (int)line.text.used, line.text.bytes);
    ndjson_free(&line);

    struct passed_over read = {0};
    passed_over_read(&read, "ending", "", 1);
    passed_over_read(&read, "ending", ".bmp", 1);
    passed_over_read(&read, "ending", NULL, 1);
    passed_over_read(&read, "repeated", NULL, 1);
    passed_over_read(&read, "of another version", NULL, 1);
    ck_assert_mem_eq(&read, &passed, sizeof read);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("passed over");
    TCase *cases = tcase_create("passed over");
    tcase_add_test(cases, endings_are_named_the_most_frequent_first);
    tcase_add_test(cases, memory_and_text_are_bounded);
    tcase_add_test(cases, json_is_an_array_that_can_be_read_back);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
