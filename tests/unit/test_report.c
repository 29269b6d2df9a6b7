/* The parts of a report that are not told by its documents: twins, URLs, base64, covered pixels. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "base/error.h"
#include "program/report/report_photo.h"
#include "program/report/report_url.h"
#include "program/report/twins.h"
#include "records/image_place.h"
#include "rle/cover.h"
#include "sample_record.h"
#include "scratch.h"

/* RFC 4648, section 10. */
START_TEST(base64_is_that_of_the_rfc)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[16] = {0};
        size_t size = strlen(pairs[i][0]);
        base64_encode(text, pairs[i][0], size);
        ck_assert_str_eq(text, pairs[i][1]);
        ck_assert_uint_eq(base64_length(size), strlen(pairs[i][1]));
    }
    char high[5] = {0};
    base64_encode(high, "\xff\xfe\xfb", 3);
    ck_assert_str_eq(high, "//77");
}
END_TEST

/* Against a count of pixels, over masks whose runs cross words of 64 pixels. */
START_TEST(covered_pixels_are_counted_once)
{
    struct error error;
    struct cover cover;
    uint8_t seen[1000] = {0};
    uint64_t expected = 0;
    ck_assert_int_eq(cover_begin(&cover, 10, 100, &error), 0);
    static const uint32_t ranges[][2] = {{0, 1},     {3, 64},    {60, 70},
                                         {128, 192}, {190, 500}, {999, 1000}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        struct rle rle = {0};
        ck_assert_int_eq(rle_from_ranges(&rle, 10, 100, ranges[i], 1, &error), 0);
        struct rle left = {0};
        uint64_t fresh = 0;
        ck_assert_int_eq(cover_left(&cover, &rle, &left, &error), 0);
        for (uint32_t at = ranges[i][0]; at < ranges[i][1]; at++)
            fresh += !seen[at];
        ck_assert_uint_eq(rle_area(&left), fresh);
        ck_assert_int_eq(rle_check(&left, &error), 0);
        ck_assert_uint_eq(rle_intersection(&left, &rle), fresh);
        cover_add(&cover, &rle);
        ck_assert_int_eq(cover_left(&cover, &rle, &left, &error), 0);
        ck_assert_uint_eq(rle_area(&left), 0);
        rle_free(&left);
        rle_free(&rle);
        memset(seen + ranges[i][0], 1, ranges[i][1] - ranges[i][0]);
    }
    for (size_t i = 0; i < sizeof seen; i++)
        expected += seen[i];
    ck_assert_uint_eq(cover_area(&cover), expected);
    cover_free(&cover);
}
END_TEST

/* Masks of one row of ten pixels. */
static void find_twins(struct twins *twins, const char *const a[], const char *const b[],
                       double threshold)
{
    struct error error;
    struct record one = sample_empty("a.png", 10, 1), other = sample_empty("a.png", 10, 1);
    for (size_t i = 0; a[i]; i++)
        sample_draw(&one, a[i]);
    for (size_t i = 0; b[i]; i++)
        sample_draw(&other, b[i]);
    *twins = (struct twins){0};
    ck_assert_int_eq(twins_find(twins, &one.masks, &other.masks, threshold, &error), 0);
    record_free(&one);
    record_free(&other);
}

START_TEST(twins_are_the_best_pairs)
{
    struct twins twins;
    /* The first of a is nearer to the second of b, which is nearer still to the second of a. */
    find_twins(&twins, (const char *[]){"xxxx......", "xxxxx.....", NULL},
               (const char *[]){"xxx.......", "xxxxx.....", NULL}, 0.7);
    ck_assert_uint_eq(twins.count, 2);
    ck_assert_uint_eq(twins.items[0].a, 1);
    ck_assert_uint_eq(twins.items[0].b, 1);
    ck_assert_double_eq(twins.items[0].iou, 1);
    ck_assert_uint_eq(twins.items[1].a, 0);
    ck_assert_uint_eq(twins.items[1].b, 0);
    ck_assert_double_eq(twins.items[1].iou, 0.75);
    free(twins.items);
}
END_TEST

START_TEST(twins_need_the_threshold)
{
    struct twins twins;
    const char *const a[] = {"xxxx......", "..........", "xxxx......", NULL};
    const char *const b[] = {"..........", "xxx.......", NULL};
    find_twins(&twins, a, b, 0.75); /* 3 / 4: at the threshold */
    ck_assert_uint_eq(twins.count, 1);
    ck_assert_uint_eq(twins.items[0].a, 0);
    free(twins.items);
    find_twins(&twins, a, b, 0.76);
    ck_assert_uint_eq(twins.count, 0);
    free(twins.items);
    find_twins(&twins, a, (const char *[]){NULL}, 0.1);
    ck_assert_uint_eq(twins.count, 0);
    free(twins.items);
}
END_TEST

static bool find_in(void *context, const char *file_name, struct image_place *place)
{
    *place = (struct image_place){.folder = context, .name = file_name};
    return true;
}

/* What the machine lacks must not look like an image that is not there. */
START_TEST(no_descriptor_is_no_missing_photograph)
{
    struct error error = {0};
    struct report_photo photo;
    struct scratch scratch = scratch_new();
    scratch_write(&scratch, "a.png", "not decoded here");
    struct folder *folder = scratch_folder(&scratch);
    const struct report_photos photos = {.find = find_in, .context = folder};
    struct rlimit before, none = {0};
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none.rlim_max = before.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(report_photo_read(&photos, "a.png", &photo, &error), -1);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(error.code, ERROR_MEMORY);
    report_photo_free(&photo);
    ck_assert_int_eq(report_photo_read(&photos, "a.png", &photo, &error), 0);
    ck_assert(!photo.missing);
    report_photo_free(&photo);
    ck_assert_int_eq(report_photo_read(&photos, "b.png", &photo, &error), 0);
    ck_assert(photo.missing);
    report_photo_free(&photo);
    folder_close(folder);
    scratch_free(&scratch);
}
END_TEST

/* The URL from one folder below `top` to another. */
static void check_url(const char *top, const char *from, const char *to, const char *expected)
{
    struct error error;
    char paths[2][512];
    snprintf(paths[0], sizeof paths[0], "%s/%s", top, from);
    snprintf(paths[1], sizeof paths[1], "%s/%s", top, to);
    char *url = report_url_relative(paths[0], paths[1], &error);
    ck_assert_ptr_nonnull(url);
    ck_assert_str_eq(url, expected);
    free(url);
}

START_TEST(urls_lead_from_the_page_to_the_images)
{
    struct error error;
    struct scratch scratch = scratch_new();
    const char *top = scratch.path;
    static const char *const folders[] = {"a", "a/b", "ab", "a/100% #1?", "a/\xff"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", top, folders[i]);
        ck_assert_int_eq(mkdir(path, 0777), 0);
    }
    check_url(top, "a", "a", "./");
    check_url(top, "a", "a/b", "b/");
    check_url(top, "a/b", "a", "../");
    check_url(top, "a/b", "ab", "../../ab/");
    check_url(top, "a", "ab", "../ab/");
    check_url(top, "ab", "a/100% #1?", "../a/100%25%20%231%3F/");
    check_url(top, "a/b", "a/\xff", "../%FF/");
    ck_assert_ptr_null(report_url_relative(top, "/missing", &error));
    ck_assert_int_eq(error.code, ERROR_IO);
    scratch_free(&scratch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report");
    TCase *tests = tcase_create("report");
    tcase_add_test(tests, base64_is_that_of_the_rfc);
    tcase_add_test(tests, covered_pixels_are_counted_once);
    tcase_add_test(tests, twins_are_the_best_pairs);
    tcase_add_test(tests, twins_need_the_threshold);
    tcase_add_test(tests, no_descriptor_is_no_missing_photograph);
    tcase_add_test(tests, urls_lead_from_the_page_to_the_images);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
