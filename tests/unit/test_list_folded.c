/* Output folders without case: items whose outputs are one file there are refused, both named. */
#include "unit.h"

#include <ctype.h>
#include <string.h>

#include "base/error.h"
#include "jobs/list.h"
#include "jobs/list_folded.h"
#include "scratch.h"

static struct error error;

static char *lower(unsigned how, const char *name, size_t length)
{
    char *folded = strndup(name, length);
    ck_assert_uint_eq(how, 7);
    for (char *at = folded; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return folded;
}

static const struct list_fold fold = {lower, 7};

/* Files that end in ".tar" hold many items. */
static size_t tar_folder(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, ".tar") == 0 ? length - 4 : length;
}

static int holds_many(void *context, const char *path, const char *key, struct error *fault)
{
    (void)context;
    (void)path;
    (void)fault;
    return key[tar_folder(key)] != '\0';
}

/* Looks at files of these names, up to a NULL. */
static int look_at(const char *const *names)
{
    struct scratch root = scratch_new();
    for (size_t i = 0; names[i]; i++)
        scratch_write(&root, names[i], "");
    const char *const inputs[] = {root.path};
    const struct list_options options = {
        .inputs = inputs, .input_count = 1, .holds_many = holds_many, .folder = tar_folder};
    struct list *list = list_open(&options, &error);
    ck_assert_ptr_nonnull(list);
    struct list_survey survey;
    ck_assert_int_eq(list_survey(list, NULL, &survey, &error), 0);
    int status = list_refuse_folded(list, &fold, &error);
    struct list_item item;
    if (status == 0) {
        ck_assert_int_eq(list_next(list, &item, &error), 1);
        ck_assert_uint_eq(item.index, 0);
    }
    list_close(list);
    scratch_free(&root);
    return status;
}

START_TEST(other_names_are_taken)
{
    static const char *const names[] = {"a/1.jpg", "A/2.jpg", "b.jpg", "B/1.jpg", "c.tar", NULL};
    ck_assert_msg(look_at(names) == 0, "%s", error.text);
}
END_TEST

static const struct clash {
    const char *names[4], *one, *other;
} clashes[] = {
    {{"Photo.png", "a.png", "photo.jpg"}, "Photo.png'", "photo.jpg'"},
    {{"A/b.png", "a/B.png"}, "A/b.png'", "a/B.png'"},
    {{"A.tar", "a.tar"}, "A.tar'", "a.tar'"},
    {{"A/1.png", "a.tar"}, "a.tar'", "A/1.png'"},
};

START_TEST(names_that_fold_to_one_are_refused)
{
    const struct clash *clash = &clashes[_i];
    ck_assert_int_eq(look_at(clash->names), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    const char *one = strstr(error.text, clash->one), *other = strstr(error.text, clash->other);
    ck_assert_msg(one && other && one < other, "%s", error.text);
    ck_assert_ptr_nonnull(strstr(error.text, "are one name in the output folder"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("list_folded");
    TCase *tests = tcase_create("list_folded");
    tcase_add_test(tests, other_names_are_taken);
    tcase_add_loop_test(tests, names_that_fold_to_one_are_refused, 0,
                        sizeof clashes / sizeof *clashes);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
