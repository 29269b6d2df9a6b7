/* The marker of a shard in a store: what is written is read again, and nothing else is taken for one. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "program/spool/spool_marker.h"

static const char DIGEST[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct spool_marker example(void)
{
    struct spool_marker marker = {
        .tar_bytes = (uint64_t)1 << 40, .ndjson_bytes = 5, .images = 200, .failed = 3};
    memcpy(marker.tar_sha256, DIGEST, sizeof DIGEST);
    memcpy(marker.configuration, DIGEST, sizeof DIGEST);
    marker.configuration[0] = 'f';
    return marker;
}

START_TEST(what_is_written_is_read)
{
    struct error error = {0};
    struct spool_marker marker = example(), read = {0};
    size_t size;
    char *text = spool_marker_text(&marker, &size, &error);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(text[size - 1], '\n');
    ck_assert_ptr_eq(strchr(text, '\n'), text + size - 1);
    ck_assert_msg(spool_marker_parse(&read, text, size, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(read.tar_bytes, marker.tar_bytes);
    ck_assert_uint_eq(read.ndjson_bytes, marker.ndjson_bytes);
    ck_assert_uint_eq(read.images, marker.images);
    ck_assert_uint_eq(read.failed, marker.failed);
    ck_assert_str_eq(read.tar_sha256, marker.tar_sha256);
    ck_assert_str_eq(read.configuration, marker.configuration);
    free(text);
}
END_TEST

START_TEST(a_part_of_one_is_none)
{
    struct error error = {0};
    struct spool_marker marker = example(), read;
    size_t size;
    char *text = spool_marker_text(&marker, &size, &error);
    ck_assert_ptr_nonnull(text);
    for (size_t part = 0; part < size - 1; part++) {
        ck_assert_int_eq(spool_marker_parse(&read, text, part, &error), -1);
        ck_assert_int_eq(error.code, ERROR_RECORD);
    }
    free(text);
}
END_TEST

static void expect_none(const char *text)
{
    struct error error = {0};
    struct spool_marker read;
    ck_assert_msg(spool_marker_parse(&read, text, strlen(text), &error) == -1, "%s", text);
    ck_assert_int_eq(error.code, ERROR_RECORD);
}

START_TEST(other_texts_are_none)
{
    char text[512];
    const char *const form = "{\"tar_bytes\": %s, \"tar_sha256\": \"%s\", \"ndjson_bytes\": 5, "
                             "\"images\": %s, \"failed\": 3, \"configuration_sha256\": \"%s\"}";
    struct error error = {0};
    struct spool_marker read;
    snprintf(text, sizeof text, form, "1", DIGEST, "3", DIGEST);
    ck_assert_msg(spool_marker_parse(&read, text, strlen(text), &error) == 0, "%s", error.text);
    const char *const bad[][4] = {{"-1", DIGEST, "3", DIGEST},
                                  {"1.5", DIGEST, "3", DIGEST},
                                  {"\"1\"", DIGEST, "3", DIGEST},
                                  {"1", DIGEST + 1, "3", DIGEST},
                                  {"1", "../../x", "3", DIGEST},
                                  {"1", DIGEST, "2", DIGEST}, /* fewer images than have failed */
                                  {"1", DIGEST, "3", "ABCDEF"},
                                  {"99999999999999999999999", DIGEST, "3", DIGEST}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(text, sizeof text, form, bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
        expect_none(text);
    }
    expect_none("");
    expect_none("null");
    expect_none("[]");
    expect_none("<html>not found</html>");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("spool marker");
    TCase *tests = tcase_create("marker");
    tcase_add_test(tests, what_is_written_is_read);
    tcase_add_test(tests, a_part_of_one_is_none);
    tcase_add_test(tests, other_texts_are_none);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
