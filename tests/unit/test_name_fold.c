/* Names that file systems take for one. */
#include "unit.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "program/run/name_fold.h"
#include "program/run/tar_names.h"
#include "scratch.h"

#define E_ACUTE "\xc3\xa9"
#define E_ACUTE_UPPER "\xc3\x89"
#define E_AND_ACCENT "e\xcc\x81"
#define E_AND_ACCENT_UPPER "E\xcc\x81"
#define SHARP_S "\xc3\x9f"

enum {
    ASCII = NAME_FOLD_ASCII,
    UNICODE = ASCII | NAME_FOLD_UNICODE,
    FULL = UNICODE | NAME_FOLD_FULL,
    NORMAL = NAME_FOLD_NORMAL,
    TRAILING = NAME_FOLD_TRAILING
};

static const struct pair {
    unsigned how;
    bool same;
    const char *one, *other;
} pairs[] = {
    {0, false, "Photo", "photo"},
    {ASCII, true, "Folder/Photo", "folder/pHOTO"},
    {ASCII, false, E_ACUTE, E_ACUTE_UPPER},
    {ASCII, true, "A\xff", "a\xff"}, /* not UTF-8 */
    {FULL | NORMAL, false, "\xe9", "\xc9"},
    {UNICODE, true, E_ACUTE, E_ACUTE_UPPER},
    {UNICODE, false, "stra" SHARP_S "e", "strasse"},
    {FULL, true, "stra" SHARP_S "e", "STRASSE"},
    {UNICODE, false, E_ACUTE, E_AND_ACCENT},
    {NORMAL, true, E_ACUTE, E_AND_ACCENT},
    {NORMAL, false, E_ACUTE, E_ACUTE_UPPER},
    {UNICODE | NORMAL, true, E_ACUTE, E_AND_ACCENT_UPPER},
    {FULL | NORMAL, true, E_AND_ACCENT, E_ACUTE_UPPER},
    {TRAILING, true, "a. ./b", "a/b .."},
    {TRAILING, false, "a.b", "ab"},
    {0, false, "a.", "a"},
};

START_TEST(names_are_compared_as_asked)
{
    const struct pair *pair = &pairs[_i];
    char *one = name_fold(pair->how, pair->one, strlen(pair->one));
    char *other = name_fold(pair->how, pair->other, strlen(pair->other));
    ck_assert_msg((strcmp(one, other) == 0) == pair->same, "%s, %s", one, other);
    free(one);
    free(other);
}
END_TEST

START_TEST(only_the_length_asked_for_counts)
{
    char *folded = name_fold(ASCII, "Photo.JPG", 5);
    ck_assert_str_eq(folded, "photo");
    free(folded);
}
END_TEST

START_TEST(this_file_system_is_asked_and_left_as_it_was)
{
    struct scratch root = scratch_new();
    struct error error;
    unsigned how = 99;
    struct folder *run = scratch_folder(&root);
    ck_assert_msg(name_fold_probe(run, "", &how, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(how & ~31U, 0);
    DIR *folder = opendir(root.path);
    const struct dirent *entry;
    while ((entry = readdir(folder)))
        ck_assert_msg(entry->d_name[0] == '.', "%s is left", entry->d_name);
    closedir(folder);
    ck_assert_int_eq(name_fold_probe(run, "nowhere/at/all", &how, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    folder_close(run);
    scratch_free(&root);
}
END_TEST

START_TEST(members_of_a_tar_are_compared_so)
{
    struct tar_names names = {.folds = UNICODE};
    struct error error;
    const char *earlier;
    ck_assert_int_eq(tar_names_add(&names, "A/b.jpg", &earlier, &error), 0);
    ck_assert_int_eq(tar_names_add(&names, "a/c.jpg", &earlier, &error), 0);
    ck_assert_int_eq(tar_names_add(&names, "a/B.png", &earlier, &error), 1);
    ck_assert_str_eq(earlier, "A/b.jpg");
    tar_names_free(&names);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("name_fold");
    TCase *tests = tcase_create("name_fold");
    tcase_add_loop_test(tests, names_are_compared_as_asked, 0, sizeof pairs / sizeof *pairs);
    tcase_add_test(tests, only_the_length_asked_for_counts);
    tcase_add_test(tests, this_file_system_is_asked_and_left_as_it_was);
    tcase_add_test(tests, members_of_a_tar_are_compared_so);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
