/* Names with braces: what they stand for, and what stays as it is. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "program/run/braces.h"

static struct error error;

/* What a name stands for, joined by blanks; freed by the caller. */
static char *expand(const char *name)
{
    struct braces names = {0};
    char *joined = calloc(1, 4096);
    ck_assert_int_eq(braces_expand(&names, name, &error), 0);
    for (size_t i = 0; i < names.count; i++) {
        strncat(joined, i ? " " : "", 4095 - strlen(joined));
        strncat(joined, names.names[i], 4095 - strlen(joined));
    }
    braces_free(&names);
    return joined;
}

static const struct {
    const char *name, *names;
} cases[] = {
    {"a.tar", "a.tar"},
    {"", ""},
    {"s/{000..003}.tar", "s/000.tar s/001.tar s/002.tar s/003.tar"},
    {"{8..11}", "8 9 10 11"},
    {"{08..11}", "08 09 10 11"},
    {"{8..011}", "008 009 010 011"},
    {"{11..8}", "11 10 9 8"},
    {"{0..9..4}", "0 4 8"},
    {"{9..0..-4}", "9 5 1"},
    {"{-1..1}", "-1 0 1"},
    {"{5..5}", "5"},
    {"x{a,b,}y", "xay xby xy"},
    {"{a,b}{1..2}", "a1 a2 b1 b2"},
    {"{a,b{1..2}c}", "a b1c b2c"},
    {"{{a,b},c}", "a b c"},
    {"a{}b", "a{}b"},
    {"a{b}c", "a{b}c"},
    {"a{b}c{1..2}", "a{b}c1 a{b}c2"},
    {"{a{1,2}}", "{a1} {a2}"},
    {"a{1..2", "a{1..2"},
    {"a}1..2{", "a}1..2{"},
    {"{1..}", "{1..}"},
    {"{1..2..0}", "{1..2..0}"},
    {"{a..c}", "{a..c}"},
    {"{1...3}", "{1...3}"},
    {"{0..99999999999999999999}", "{0..99999999999999999999}"},
    {"{{1..2}", "{1 {2"},
};

START_TEST(braces_stand_for_names)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *names = expand(cases[i].name);
        ck_assert_msg(strcmp(names, cases[i].names) == 0, "%s: %s", cases[i].name, names);
        free(names);
    }
}
END_TEST

START_TEST(too_many_names_are_refused)
{
    struct braces names = {0};
    ck_assert_int_eq(braces_expand(&names, "{1..1048576}", &error), 0);
    ck_assert_uint_eq(names.count, BRACES_MOST);
    braces_free(&names);
    ck_assert_int_eq(braces_expand(&names, "{1..1048577}", &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    braces_free(&names);
    ck_assert_int_eq(braces_expand(&names, "{0..999999999999999999}", &error), -1);
    braces_free(&names);
    ck_assert_int_eq(braces_expand(&names, "{1..2000}{1..2000}", &error), -1);
    braces_free(&names);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("braces");
    TCase *tests = tcase_create("braces");
    tcase_add_test(tests, braces_stand_for_names);
    tcase_add_test(tests, too_many_names_are_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
