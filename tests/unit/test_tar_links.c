/* The links in a tar: which file each leads to, through other links. */
#include "unit.h"

#include <stdio.h>

#include "base/error.h"
#include "program/run/tar_links.h"

static struct error error;

static void add(struct tar_links *links, const char *name, const char *target)
{
    ck_assert(tar_links_know(links, target));
    ck_assert_int_eq(tar_links_add(links, name, target, true, &error), 0);
}

START_TEST(links_lead_to_files_through_other_links)
{
    struct tar_links links = {0};
    size_t count;
    ck_assert(!tar_links_know(&links, "a"));
    ck_assert_int_eq(tar_links_resolve(&links, &error), 0);
    ck_assert_ptr_null(tar_links_to(&links, "a", &count));
    ck_assert_int_eq(tar_links_file(&links, "a", &error), 0);
    ck_assert_int_eq(tar_links_file(&links, "b", &error), 0);
    add(&links, "z", "a");
    add(&links, "y", "z");
    add(&links, "c", "y");
    add(&links, "d", "b");
    ck_assert_int_eq(tar_links_add(&links, "e", "b", false, &error), 0);
    ck_assert_uint_eq(links.wanted, 4);
    ck_assert_int_eq(tar_links_resolve(&links, &error), 0);
    const struct tar_link *to = tar_links_to(&links, "a", &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_str_eq(to[0].name, "c");
    ck_assert_str_eq(to[1].name, "y");
    ck_assert_str_eq(to[2].name, "z");
    to = tar_links_to(&links, "b", &count);
    ck_assert_uint_eq(count, 2);
    ck_assert(to[0].wanted && !to[1].wanted);
    ck_assert_ptr_null(tar_links_to(&links, "z", &count));
    tar_links_free(&links);
}
END_TEST

/* Each link leads to the one before it. */
START_TEST(long_chains_end)
{
    struct tar_links links = {0};
    char name[32];
    char target[32] = "file";
    size_t count;
    ck_assert_int_eq(tar_links_file(&links, target, &error), 0);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "%d", i);
        add(&links, name, target);
        snprintf(target, sizeof target, "%d", i);
    }
    ck_assert_int_eq(tar_links_resolve(&links, &error), 0);
    tar_links_to(&links, "file", &count);
    ck_assert_uint_ge(count, 40);
    tar_links_free(&links);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tar links");
    TCase *cases = tcase_create("tar links");
    tcase_add_test(cases, links_lead_to_files_through_other_links);
    tcase_add_test(cases, long_chains_end);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
