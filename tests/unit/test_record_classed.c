/* The text of a record gets other classes, and all other bytes stay. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "records/record.h"
#include "records/record_classed.h"

#define MASK "\"segmentation\": {\"size\": [1, 2], \"counts\": [0, 1, 1]}"

static struct error error;

static void check(const char *text, const char *first, float score, const char *expected)
{
    struct record record = {0};
    size_t length;
    const struct record_source source = {text, strlen(text), "a", 0};
    ck_assert_msg(record_parse(&record, &source, NULL, &error) == 0, "%s", error.text);
    ck_assert_int_eq(record_set_category(&record, 0, first, &error), 0);
    record_set_category_score(&record, 0, score);
    char *changed = record_classed(text, strlen(text), &record, &length, &error);
    ck_assert_ptr_nonnull(changed);
    ck_assert_str_eq(changed, expected);
    ck_assert_uint_eq(length, strlen(changed));
    free(changed);
    record_free(&record);
}

START_TEST(classes_are_written)
{
    /* at the end; other members, blanks and texts stay */
    check("{\"x\":[1,  2], \"annotations\": [{\"id\":0,\"more\" : {\"category\": 1}," MASK
          "}, {\"id\": 1, " MASK "}] ,\"y\":\"\\u00e4\"}\n",
          "a \"wheel\"", 0.25F,
          "{\"x\":[1,  2], \"annotations\": [{\"id\":0, \"more\" : {\"category\": 1}, " MASK
          ", \"category\": \"a \\\"wheel\\\"\", \"category_score\": 0.25}, {\"id\": 1, " MASK
          "}] ,\"y\":\"\\u00e4\"}\n");
    /* in place of one that is there, however its name is written */
    check("[{\"c\\u0061tegory\": \"a\", " MASK ", \"category_score\": 0.5}]", "b", 0,
          "[{" MASK ", \"category\": \"b\"}]");
    check("[{\"category\": \"a\", " MASK ", \"category_score\": 0.5}]", NULL, 0, "[{" MASK "}]");
}
END_TEST

START_TEST(what_says_it_already_stays)
{
    static const char *const texts[] = {
        "[ {\"category\":\"a\",\"category_score\":5e-1," MASK "} ]",
        "[{ " MASK " , \"category\": \"\\u0061\", \"category_score\": 0.5}]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check(texts[i], "a", 0.5F, texts[i]);
    check("[{\"category\": 7, " MASK "}]", NULL, 0, "[{\"category\": 7, " MASK "}]");
}
END_TEST

START_TEST(another_text_is_refused)
{
    struct record none = {0};
    ck_assert_ptr_null(record_classed("[{" MASK "}]", strlen("[{" MASK "}]"), &none, NULL, &error));
    ck_assert_int_eq(error.code, ERROR_RECORD);
    ck_assert_ptr_null(record_classed("[", 1, &none, NULL, &error));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record_classed");
    TCase *tests = tcase_create("record_classed");
    tcase_add_test(tests, classes_are_written);
    tcase_add_test(tests, what_says_it_already_stays);
    tcase_add_test(tests, another_text_is_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
