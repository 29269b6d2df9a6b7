/* Downloads through a stand-in for curl: what arrives is kept only if it is what was published. */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_name.h"
#include "base/error.h"
#include "program/fetch.h"
#include "program/model_zoo.h"

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

/* "hello" */
static const struct model_zoo_entry hello = {
    .name = "hello",
    .file = "hello.pth",
    .url = "https://example.org/",
    .size = 5,
    .sha256 = HELLO,
};

/* Files of which less is known. */
static const struct model_zoo_entry about_five = {
    .file = "hello.pth", .url = "https://example.org/", .size = 6, .rounding = 2, .sha256 = HELLO};
static const struct model_zoo_entry unknown = {.file = "hello.pth", .url = "https://example.org/"};

static char folder[] = "/tmp/maskmill-fetch-XXXXXX";
static char target[100];
static char sha256[DIGEST_TEXT];

static void setup(void)
{
    memcpy(folder, "/tmp/maskmill-fetch-XXXXXX", sizeof folder);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(target, sizeof target, "%s/hello.pth", folder);
    setenv("PATH", folder, 1);
}

/* Makes `name` a program of the folder, the only one of PATH. */
static void install(const char *name, const char *commands)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "#!/bin/sh\n%s\n", commands);
    fclose(file);
    ck_assert_int_eq(chmod(path, 0755), 0);
}

/* Removes the folder, which must hold nothing but the programs and, if `kept`, the download. */
static void check_and_clean(bool kept)
{
    char path[100];
    ck_assert_int_eq(access(target, F_OK), kept ? 0 : -1);
    unlink(target);
    snprintf(path, sizeof path, "%s/curl", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/wget", folder);
    unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "something was left behind in %s", folder);
}

/* As a process left it that was killed. */
static void leave_a_download(void)
{
    struct atomic_writer writer = atomic_writer_self();
    writer.birth ^= 1; /* an earlier process with this PID */
    char *path = atomic_temporary_name(target, &writer, 0);
    FILE *file = writer.birth > 1 ? fopen(path, "w") : NULL;
    if (file)
        fclose(file);
    free(path);
}

START_TEST(the_right_file_is_kept_and_not_fetched_again)
{
    struct error error = {0};
    setup();
    leave_a_download();
    install("curl", "for url; do :; done; [ \"$url\" = https://example.org/hello.pth ] || exit 9\n"
                    "printf hello");
    ck_assert_msg(!fetch_model(&hello, target, sha256, &error), "%s", error.text);
    install("curl", "exit 1");
    ck_assert_msg(!fetch_model(&hello, target, sha256, &error), "%s", error.text);
    check_and_clean(true);
}
END_TEST

START_TEST(wget_serves_where_there_is_no_curl)
{
    struct error error = {0};
    setup();
    install("wget", "printf hello");
    ck_assert_msg(!fetch_model(&hello, target, sha256, &error), "%s", error.text);
    check_and_clean(true);
}
END_TEST

static const struct {
    const char *commands, *text;
    enum error_code code;
} failures[] = {
    {"exit 6", "curl could not download https://example.org/hello.pth (status 6; is there a",
     ERROR_IO},
    {"printf hel; exit 18", "(status 18;", ERROR_IO},
    {"kill -9 $$", "(status -1;", ERROR_IO},
    {"printf hel", "not the published file: 3 bytes", ERROR_MODEL},
    {"printf jello", "not the published file: 5 bytes", ERROR_MODEL},
    {"while printf hello; do :; done", "not the published file: more than 5 bytes", ERROR_MODEL},
};

static const struct {
    const struct model_zoo_entry *entry;
    const char *commands, *text; /* NULL: it is kept */
} less_known[] = {
    {&about_five, "printf hello", NULL},
    {&about_five, "printf jello", "expected about 6 with " HELLO},
    {&about_five, "printf hel", "not the published file: 3 bytes"},
    {&about_five, "printf 'hello you'", "not the published file: more than 8 bytes"},
    {&unknown, "printf 'PK\\003\\004'", NULL},
    {&unknown, "printf '\\200\\002}q'", NULL},
    {&unknown, "printf '\\100\\0\\0\\0\\0\\0\\0\\0{}'", NULL},
    {&unknown, "printf hello", "no checkpoint but something else: 5 bytes with SHA-256 " HELLO},
    {&unknown, "printf '<!DOCTYPE html>'", "no checkpoint but something else"},
    {&unknown, "exit 0", "no checkpoint but something else: 0 bytes"},
};

START_TEST(a_file_of_which_less_is_known_is_checked_as_far_as_that_goes)
{
    struct error error = {0};
    const char *text = less_known[_i].text;
    setup();
    install("curl", less_known[_i].commands);
    int failed = fetch_model(less_known[_i].entry, target, sha256, &error);
    ck_assert_msg(failed == (text ? -1 : 0), "%s", error.text);
    ck_assert_msg(!text || strstr(error.text, text) != NULL, "%s", error.text);
    ck_assert_uint_eq(strlen(sha256), 64);
    check_and_clean(!text);
}
END_TEST

START_TEST(without_a_known_sum_a_file_that_is_there_is_in_the_way)
{
    struct error error = {0};
    setup();
    install("curl", "printf '\\200\\002}q'");
    ck_assert_int_eq(fetch_model(&unknown, target, sha256, &error), 0);
    ck_assert_int_eq(fetch_model(&unknown, target, sha256, &error), -1);
    ck_assert_msg(strstr(error.text, ": a file (SHA-256 ") != NULL, "%s", error.text);
    check_and_clean(true);
}
END_TEST

START_TEST(what_is_not_right_is_not_kept)
{
    struct error error = {0};
    setup();
    install("curl", failures[_i].commands);
    ck_assert_int_eq(fetch_model(&hello, target, sha256, &error), -1);
    ck_assert_msg(strstr(error.text, failures[_i].text) != NULL, "%s", error.text);
    ck_assert_int_eq(error.code, failures[_i].code);
    check_and_clean(false);
}
END_TEST

START_TEST(without_a_downloader_or_with_a_file_in_the_way_it_says_so)
{
    struct error error = {0};
    setup();
    ck_assert_int_eq(fetch_model(&hello, target, sha256, &error), -1);
    ck_assert_msg(strstr(error.text, "neither curl nor wget is installed") == error.text, "%s",
                  error.text);
    FILE *file = fopen(target, "w");
    fputs("mine", file);
    fclose(file);
    install("curl", "printf hello");
    ck_assert_int_eq(fetch_model(&hello, target, sha256, &error), -1);
    ck_assert_msg(strstr(error.text, "is in the way") != NULL, "%s", error.text);
    check_and_clean(true);
}
END_TEST

START_TEST(no_two_downloads_have_the_same_name)
{
    size_t count;
    const struct model_zoo_entry *table = model_zoo_table(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(model_zoo_saved_as(&table[i]), model_zoo_saved_as(&table[j]));
}
END_TEST

/* Whether docs/models.md has that text. */
static bool documented(const char *text)
{
    static char page[1 << 16];
    FILE *file = fopen("docs/models.md", "r");
    ck_assert_ptr_nonnull(file);
    page[fread(page, 1, sizeof page - 1, file)] = 0;
    fclose(file);
    return strstr(page, text) != NULL;
}

START_TEST(the_manual_has_every_model_and_its_sum)
{
    size_t count;
    const struct model_zoo_entry *table = model_zoo_table(&count);
    for (size_t i = 0; i < count; i++) {
        char text[200];
        snprintf(text, sizeof text, "`%s`", table[i].name);
        ck_assert_msg(documented(text), "%s", text);
        snprintf(text, sizeof text, "    %s  %s\n", table[i].sha256, model_zoo_saved_as(&table[i]));
        ck_assert_msg(!table[i].sha256 || documented(text), "%s", text);
    }
}
END_TEST

START_TEST(the_table_of_published_files_is_sound)
{
    size_t count;
    const struct model_zoo_entry *table = model_zoo_table(&count);
    ck_assert_uint_gt(count, 4);
    for (size_t i = 0; i < count; i++) {
        const struct model_zoo_entry *entry = &table[i];
        ck_assert_ptr_eq(model_zoo_find(entry->name), entry);
        ck_assert_int_eq(strncmp(entry->url, "https://", 8), 0);
        ck_assert_int_eq(entry->url[strlen(entry->url) - 1], '/');
        ck_assert_uint_le(entry->rounding, entry->size / 100);
        ck_assert_int_eq(strncmp(entry->title, entry->family, 3), 0);
        if (!entry->sha256)
            continue;
        ck_assert_uint_eq(strspn(entry->sha256, "0123456789abcdef"), 64);
        ck_assert_uint_eq(strlen(entry->sha256), 64);
        ck_assert_ptr_eq(model_zoo_identify(entry->sha256), entry);
    }
    ck_assert_ptr_null(model_zoo_find("vit"));
    ck_assert_ptr_null(model_zoo_identify(""));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fetch");
    TCase *tests = tcase_create("fetch");
    tcase_add_test(tests, the_right_file_is_kept_and_not_fetched_again);
    tcase_add_test(tests, wget_serves_where_there_is_no_curl);
    tcase_add_loop_test(tests, what_is_not_right_is_not_kept, 0,
                        sizeof failures / sizeof *failures);
    tcase_add_test(tests, without_a_downloader_or_with_a_file_in_the_way_it_says_so);
    tcase_add_loop_test(tests, a_file_of_which_less_is_known_is_checked_as_far_as_that_goes, 0,
                        sizeof less_known / sizeof *less_known);
    tcase_add_test(tests, without_a_known_sum_a_file_that_is_there_is_in_the_way);
    tcase_add_test(tests, no_two_downloads_have_the_same_name);
    tcase_add_test(tests, the_manual_has_every_model_and_its_sum);
    tcase_add_test(tests, the_table_of_published_files_is_sound);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
