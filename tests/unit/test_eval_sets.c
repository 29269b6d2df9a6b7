/* Label maps, tars of pairs, and results: made by hand, hostile, torn. */
#include "scratch.h"
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "images/image.h"
#include "program/eval/class_names.h"
#include "program/eval/eval_header.h"
#include "program/eval/eval_image.h"
#include "program/eval/eval_lines.h"
#include "program/eval/eval_results.h"
#include "program/eval/eval_set.h"
#include "program/eval/label_map.h"
#include "program/eval/segments.h"
#include "rle/rle.h"

static struct error error;

/* A map of one digit a pixel, in rows. */
static struct image map_of(const char *digits, int32_t width, int32_t height)
{
    struct image map = {0};
    ck_assert_int_eq(image_reserve(&map, width, height, &error), 0);
    memset(map.rgb, 0, (size_t)width * (size_t)height * 3);
    for (size_t i = 0; digits[i]; i++)
        map.rgb[3 * i] = (uint8_t)(digits[i] - '0');
    return map;
}

static void check_rows(const struct segment *segment, const char *rows)
{
    uint8_t bits[64] = {0};
    rle_to_bitmap(&segment->rle, bits, segment->rle.width);
    for (size_t i = 0; rows[i]; i++)
        ck_assert_int_eq(bits[i], rows[i] - '0');
}

START_TEST(each_number_is_a_segment)
{
    struct label_rules rules = {0};
    struct segments segments = {0};
    struct image map = map_of("2212"
                              "0110"
                              "1900",
                              4, 3);
    ck_assert_int_eq(label_rules_ignore(&rules, "0,8-9", &error), 0);
    ck_assert_int_eq(label_map_segments(&map, &rules, &segments, &error), 0);
    ck_assert_uint_eq(segments.count, 2);
    ck_assert_int_eq(segments.items[0].category, 1);
    ck_assert_uint_eq(segments.items[0].area, 4);
    check_rows(&segments.items[0], "001001101000");
    check_rows(&segments.items[1], "110100000000");
    segments_free(&segments);
    rules.components = true;
    ck_assert_int_eq(label_map_segments(&map, &rules, &segments, &error), 0);
    ck_assert_uint_eq(segments.count, 3); /* corners connect the 1s */
    check_rows(&segments.items[0], "001001101000");
    check_rows(&segments.items[1], "110000000000");
    check_rows(&segments.items[2], "000100000000");
    segments_free(&segments);
    image_free(&map);
}
END_TEST

/* Parts of a spiral and of a comb meet late. */
START_TEST(parts_join_whatever_their_shape)
{
    struct label_rules rules = {.components = true};
    struct segments segments = {0};
    struct image map = map_of("10101"
                              "10101"
                              "11111"
                              "00000"
                              "10001",
                              5, 5);
    ck_assert_int_eq(label_rules_ignore(&rules, "0", &error), 0);
    ck_assert_int_eq(label_map_segments(&map, &rules, &segments, &error), 0);
    ck_assert_uint_eq(segments.count, 3);
    ck_assert_uint_eq(segments.items[0].area, 11);
    ck_assert_uint_eq(segments.items[1].area, 1);
    segments_free(&segments);
    image_free(&map);
}
END_TEST

START_TEST(codes_give_classes)
{
    static uint8_t rgb[] = {0xb8, 0x0b, 0, 9, 0, 0, 30, 5, 1, 30, 5, 2}; /* 3000, 9 */
    const struct image map = {.width = 4, .height = 1, .rgb = rgb};
    struct label_rules rules = {.codes = LABEL_CITYSCAPES};
    struct segments segments = {0};
    ck_assert_int_eq(label_map_segments(&map, &rules, &segments, &error), 0);
    ck_assert_uint_eq(segments.count, 4);
    ck_assert_int_eq(segments.items[0].category, 9);
    ck_assert_int_eq(segments.items[1].category, 3);
    segments_free(&segments);
    rules.codes = LABEL_ADE20K;
    ck_assert_int_eq(label_rules_ignore(&rules, "0", &error), 0); /* the class of 9, 0, 0 */
    ck_assert_int_eq(label_map_segments(&map, &rules, &segments, &error), 0);
    ck_assert_uint_eq(segments.count, 3);
    ck_assert_int_eq(segments.items[0].category, 3 * 256 + 5);
    ck_assert_int_eq(segments.items[1].category, 3 * 256 + 5);
    segments_free(&segments);
}
END_TEST

START_TEST(what_is_no_label_map_is_refused)
{
    struct label_rules rules = {0};
    struct segments segments = {0};
    struct image map = {0};
    ck_assert_int_eq(image_reserve(&map, 1 << 7, 1 << 8, &error), 0);
    for (size_t i = 0; i < 1 << 15; i++) {
        map.rgb[3 * i] = (uint8_t)i;
        map.rgb[3 * i + 1] = (uint8_t)(i >> 8);
        map.rgb[3 * i + 2] = 0;
    }
    ck_assert_int_eq(label_map_segments(&map, &rules, &segments, &error), -1);
    ck_assert_int_eq(error.code, ERROR_RECORD);
    ck_assert_ptr_nonnull(strstr(error.text, "this is no label map"));
    ck_assert_uint_eq(segments.count, 0);
    image_free(&map);
}
END_TEST

START_TEST(rules_are_checked)
{
    static const char *const bad[] = {"", "x", "1,", "3-2", "-1", "1-2-3", "16777216", "0x1", " 1"};
    struct label_rules rules = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rules.ignored_count = 0;
        ck_assert_msg(label_rules_ignore(&rules, bad[i], &error) == -1, "%s", bad[i]);
        ck_assert_int_eq(error.code, ERROR_USAGE);
    }
    rules.ignored_count = 0;
    ck_assert_int_eq(label_rules_ignore(&rules, "255,0-9,1000-", &error), 0);
    ck_assert_uint_eq(rules.ignored_count, 3);
    ck_assert_uint_eq(rules.ignored[2].last, LABEL_MOST);
}
END_TEST

/* ---- results ---- */

static struct eval_segment some_segment = {.area = 12.5, .category = 4, .choices = 1};

static struct eval_header make_header(const char *set, const char *clicks)
{
    struct eval_header header = {.set = strdup(set)};
    ck_assert_int_eq(runfile_set(&header.options, "clicks", clicks, &error), 0);
    ck_assert_int_eq(class_names_put(&header.classes, 4, "a \"b\"", &error), 0);
    return header;
}

/* Appends an outcome with one segment of this IoU. */
static void add(struct eval_results *results, const char *key, double iou)
{
    some_segment.iou[0] = some_segment.predicted[0] = iou;
    const struct eval_image outcome = {.clicks = 1, .segments = &some_segment, .segment_count = 1};
    ck_assert_int_eq(eval_results_add(results, key, &outcome, NULL, &error), 0);
}

static double read_miou(const char *const *paths, size_t count, uint64_t *images)
{
    struct eval_lines lines = {0};
    struct eval_set set = {0};
    for (size_t i = 0; i < count; i++) {
        int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
        ck_assert_msg(eval_lines_add(&lines, fd, paths[i], &error) == 0, "%s", error.text);
    }
    eval_lines_sort(&lines);
    ck_assert_int_eq(eval_set_read(&set, &lines, 0, true, &error), 0);
    ck_assert_uint_eq(set.class_count, 1);
    const double miou = eval_miou(&set.all, RANGE_ALL, 1);
    *images = set.all.images;
    ck_assert_str_eq(class_names_find(&lines.sets[0].classes, 4), "a \"b\"");
    eval_set_free(&set);
    eval_lines_free(&lines);
    return miou;
}

START_TEST(results_are_the_same_from_any_files)
{
    struct scratch scratch = scratch_new();
    struct eval_header header = make_header("s", "1");
    char *one = scratch_path(&scratch, "one"), *two = scratch_path(&scratch, "two");
    const char *const forth[] = {one, two}, *const back[] = {two, one};
    uint64_t images;
    struct eval_results *results = eval_results_open(one, &header, &error);
    ck_assert_msg(results != NULL, "%s", error.text);
    ck_assert_ptr_null(eval_results_open(one, &header, &error)); /* one at a time */
    ck_assert_int_eq(error.code, ERROR_USAGE);
    add(results, "c", 0.3);
    add(results, "\xff", 0.1);
    eval_results_close(results);
    results = eval_results_open(two, &header, &error);
    add(results, "b", 0.7);
    add(results, "a", 0.9);
    add(results, "b", 0.2); /* the last one counts */
    eval_results_close(results);
    const double miou = read_miou(forth, 2, &images);
    ck_assert_uint_eq(images, 4);
    ck_assert_double_eq(miou, (((0.9 + 0.2) + 0.3) + 0.1) / 4);
    ck_assert_double_eq(read_miou(back, 2, &images), miou);
    results = eval_results_open(one, &header, &error);
    ck_assert(eval_results_has(results, "\xff") && eval_results_has(results, "c"));
    ck_assert(!eval_results_has(results, "a"));
    eval_results_close(results);
    eval_header_free(&header);
    free(one);
    free(two);
    scratch_free(&scratch);
}
END_TEST

/* The file may end after any byte; the next start has what was whole, and the rest is done again. */
START_TEST(a_file_that_is_cut_anywhere_is_gone_on_with)
{
    struct scratch scratch = scratch_new();
    struct eval_header header = make_header("s", "1");
    char *path = scratch_path(&scratch, "results"), *cut = scratch_path(&scratch, "cut");
    const char *const paths[] = {cut};
    uint64_t images;
    struct eval_results *results = eval_results_open(path, &header, &error);
    add(results, "a", 0.25);
    add(results, "b", 0.5);
    eval_results_close(results);
    char *whole = scratch_read(&scratch, "results");
    for (size_t length = 0; length <= strlen(whole); length++) {
        FILE *file = fopen(cut, "w");
        ck_assert_uint_eq(fwrite(whole, 1, length, file), length);
        fclose(file);
        results = eval_results_open(cut, &header, &error);
        ck_assert_msg(results != NULL, "%s", error.text);
        if (!eval_results_has(results, "a"))
            add(results, "a", 0.25);
        if (!eval_results_has(results, "b"))
            add(results, "b", 0.5);
        eval_results_close(results);
        char *again = scratch_read(&scratch, "cut");
        ck_assert_str_eq(again, whole);
        free(again);
    }
    ck_assert_double_eq(read_miou(paths, 1, &images), 0.375);
    free(whole);
    eval_header_free(&header);
    free(path);
    free(cut);
    scratch_free(&scratch);
}
END_TEST

START_TEST(other_files_are_left_alone)
{
    static const char *const texts[] = {"x", "{}\n", "{\"maskmill_eval\":1}\n", "\n",
                                        "{\"maskmill_eval\":2,\"set\":\"s\",\"options\":{}}\n"};
    struct scratch scratch = scratch_new();
    struct eval_header header = make_header("s", "1"), other = make_header("s", "2");
    char *path = scratch_path(&scratch, "file");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scratch_write(&scratch, "file", texts[i]);
        ck_assert_ptr_null(eval_results_open(path, &header, &error));
        ck_assert_int_eq(error.code, ERROR_USAGE);
        char *text = scratch_read(&scratch, "file");
        ck_assert_str_eq(text, texts[i]);
        free(text);
    }
    unlink(path);
    eval_results_close(eval_results_open(path, &header, &error));
    ck_assert_ptr_null(eval_results_open(path, &other, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "clicks is 1 there, and 2 here"));
    eval_header_free(&header);
    eval_header_free(&other);
    free(path);
    scratch_free(&scratch);
}
END_TEST

START_TEST(the_mean_is_over_the_sets_that_have_the_figure)
{
    struct eval_rows rows = {0};
    struct eval_sums sums = {.images = 2};
    const double values[] = {0.25, 0.75, (double)NAN};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(eval_rows_add(&rows, &sums, "set", NULL, &error), 0);
        for (size_t f = 0; f < rows.items[i].count; f++)
            rows.items[i].figures[f].value = values[i];
    }
    ck_assert_int_eq(eval_rows_add(&rows, &sums, "set", "class", &error), 0); /* does not count */
    ck_assert_int_eq(eval_rows_mean(&rows, &error), 0);
    ck_assert_uint_eq(rows.items[4].images, 6);
    ck_assert_double_eq(eval_row_figure(&rows.items[4], "miou_1_click"), 0.5);
    ck_assert(isnan(eval_row_figure(&rows.items[4], "nothing")));
    eval_rows_free(&rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eval_sets");
    TCase *tests = tcase_create("eval_sets");
    tcase_add_test(tests, each_number_is_a_segment);
    tcase_add_test(tests, parts_join_whatever_their_shape);
    tcase_add_test(tests, codes_give_classes);
    tcase_add_test(tests, what_is_no_label_map_is_refused);
    tcase_add_test(tests, rules_are_checked);
    tcase_add_test(tests, results_are_the_same_from_any_files);
    tcase_add_test(tests, a_file_that_is_cut_anywhere_is_gone_on_with);
    tcase_add_test(tests, other_files_are_left_alone);
    tcase_add_test(tests, the_mean_is_over_the_sets_that_have_the_figure);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
