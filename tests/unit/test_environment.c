/* Words in the environment: known, unknown, and those that choose kernels. */
#include "base/environment.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/kernels/kernels.h"
#include "tests/unit/unit.h"

static const char variable[] = "MASKMILL_TEST_WORD";
static const char *const words[] = {"one", "two", "three"};
enum { WORDS = sizeof words / sizeof *words };

START_TEST(a_word_is_found)
{
    struct error error;
    unsetenv(variable);
    ck_assert_int_eq(environment_word(variable, words, WORDS), -1);
    ck_assert_int_eq(environment_check(variable, words, WORDS, &error), 0);
    setenv(variable, "", 1);
    ck_assert_int_eq(environment_word(variable, words, WORDS), -1);
    ck_assert_int_eq(environment_check(variable, words, WORDS, &error), 0);
    setenv(variable, "three", 1);
    ck_assert_int_eq(environment_word(variable, words, WORDS), 2);
    ck_assert_int_eq(environment_check(variable, words, WORDS, &error), 0);
}
END_TEST

START_TEST(an_unknown_word_is_named_with_those_that_are_known)
{
    struct error error;
    setenv(variable, "Two", 1);
    ck_assert_int_eq(environment_word(variable, words, WORDS), -1);
    ck_assert_int_eq(environment_check(variable, words, WORDS, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_str_eq(error.text,
                     "MASKMILL_TEST_WORD=Two in the environment: expected one, two or three");
}
END_TEST

static const char *const choices[][2] = {
    {"MASKMILL_ISA", "sse"}, {"MASKMILL_PRODUCTS", "OpenBLAS"}, {"MASKMILL_BF16", "tile"}};

/* Whoever misspells one of them would measure another kernel than he thinks. */
START_TEST(misspelt_choices_of_kernels_are_refused)
{
    struct error error;
    setenv("MASKMILL_ISA", "generic", 1);
    setenv("MASKMILL_PRODUCTS", "own", 1);
    setenv("MASKMILL_BF16", "tiles", 1);
    ck_assert_int_eq(kernels_check_environment(&error), 0);
    setenv(choices[_i][0], choices[_i][1], 1);
    ck_assert_int_eq(kernels_check_environment(&error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, choices[_i][0]));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("environment");
    TCase *tests = tcase_create("words");
    tcase_add_test(tests, a_word_is_found);
    tcase_add_test(tests, an_unknown_word_is_named_with_those_that_are_known);
    tcase_add_loop_test(tests, misspelt_choices_of_kernels_are_refused, 0,
                        (int)(sizeof choices / sizeof *choices));
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
