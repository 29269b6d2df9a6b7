/* Which names are left out wherever they are found. */
#include "unit.h"

#include <string.h>

#include "jobs/name_rules.h"

static const char *const patterns[] = {"*_small.*", "thumbs", "/top", "x/y", "raw/*.dng"};
static const struct name_rules rules = {patterns, sizeof patterns / sizeof *patterns};

START_TEST(names_of_systems_and_hidden_ones_are_left_out)
{
    static const struct name_rules none = {NULL, 0};
    ck_assert_int_eq(name_rules_path(&none, "a/b.jpg"), PASSED_NOT);
    ck_assert_int_eq(name_rules_path(&none, "thumbs/b.jpg"), PASSED_NOT);
    ck_assert_int_eq(name_rules_path(&none, "a/.b/c.jpg"), PASSED_HIDDEN);
    ck_assert_int_eq(name_rules_path(&none, "a/@eaDir/c.jpg"), PASSED_SYSTEM);
    ck_assert_int_eq(name_rules_path(&none, "__MACOSX/._c.jpg"), PASSED_SYSTEM);
    ck_assert_int_eq(name_rules_name(&none, "$Recycle.bin"), PASSED_SYSTEM);
    ck_assert_int_eq(name_rules_name(&none, "Thumbs.db"), PASSED_SYSTEM);
    ck_assert_int_eq(name_rules_name(&none, "lost+found"), PASSED_SYSTEM);
    ck_assert_int_eq(name_rules_name(&none, "lost+found2"), PASSED_NOT);
    ck_assert_int_eq(name_rules_name(&none, "@e"), PASSED_NOT);
    ck_assert_int_eq(name_rules_name(&none, ""), PASSED_NOT);
}
END_TEST

START_TEST(patterns_match_components_or_paths)
{
    const char *excluded[] = {"a_small.jpg", "q/a_small.b/c.jpg", "thumbs/1.jpg", "q/thumbs",
                              "top",         "top/a.jpg",         "x/y/z.jpg",    "raw/1.dng",
                              "raw/q/1.dng"};
    const char *taken[] = {"small.jpg", "thumbs2/1.jpg", "q/top", "q/x/y", "x/yy", "raw/1.jpg", ""};
    for (size_t i = 0; i < sizeof excluded / sizeof *excluded; i++) {
        ck_assert_msg(name_rules_exclude(&rules, excluded[i]), "%s", excluded[i]);
        ck_assert_int_eq(name_rules_path(&rules, excluded[i]), PASSED_EXCLUDED);
    }
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        ck_assert_msg(!name_rules_exclude(&rules, taken[i]), "%s", taken[i]);
    ck_assert(!name_rules_exclude(&rules, ".hidden/@eaDir"));
}
END_TEST

START_TEST(long_paths_are_safe)
{
    char path[20000];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    for (size_t i = 50; i < sizeof path; i += 50)
        path[i] = '/';
    memcpy(path + 101, "thumbs/", 7);
    ck_assert(name_rules_exclude(&rules, path));
    path[101] = '-';
    ck_assert(!name_rules_exclude(&rules, path));
}
END_TEST

START_TEST(slashes_at_the_end_are_dropped)
{
    char pattern[] = "a/b//";
    char slash[] = "//";
    ck_assert(name_rules_tidy(pattern));
    ck_assert_str_eq(pattern, "a/b");
    ck_assert(!name_rules_tidy(slash));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("name rules");
    TCase *cases = tcase_create("name rules");
    tcase_add_test(cases, names_of_systems_and_hidden_ones_are_left_out);
    tcase_add_test(cases, patterns_match_components_or_paths);
    tcase_add_test(cases, long_paths_are_safe);
    tcase_add_test(cases, slashes_at_the_end_are_dropped);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
