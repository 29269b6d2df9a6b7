/* The names in a tar: two that differ in their extension only are found, among many. */
#include "unit.h"

#include <stdio.h>

#include "base/error.h"
#include "program/run/tar_names.h"

static struct error error;
static const char *earlier;

START_TEST(names_with_the_same_stem_are_found)
{
    struct tar_names names = {0};
    ck_assert_int_eq(tar_names_add(&names, "a/b.jpg", &earlier, &error), 0);
    ck_assert_int_eq(tar_names_add(&names, "a.b.jpg", &earlier, &error), 0);
    ck_assert_int_eq(tar_names_add(&names, "b.jpg", &earlier, &error), 0);
    ck_assert_int_eq(tar_names_add(&names, "a/b.jpg.png", &earlier, &error), 0);
    ck_assert_int_eq(tar_names_add(&names, "a/b.png", &earlier, &error), 1);
    ck_assert_str_eq(earlier, "a/b.jpg");
    ck_assert_int_eq(tar_names_add(&names, "b.jpg", &earlier, &error), 1);
    ck_assert_str_eq(earlier, "b.jpg");
    tar_names_free(&names);
    ck_assert_int_eq(tar_names_add(&names, "b.jpg", &earlier, &error), 0);
    tar_names_free(&names);
}
END_TEST

START_TEST(many_names_are_kept)
{
    struct tar_names names = {0};
    char name[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%d.jpg", i);
        ck_assert_int_eq(tar_names_add(&names, name, &earlier, &error), 0);
    }
    ck_assert_int_eq(tar_names_add(&names, "2500.png", &earlier, &error), 1);
    ck_assert_str_eq(earlier, "2500.jpg");
    tar_names_free(&names);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tar names");
    TCase *cases = tcase_create("tar names");
    tcase_add_test(cases, names_with_the_same_stem_are_found);
    tcase_add_test(cases, many_names_are_kept);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
