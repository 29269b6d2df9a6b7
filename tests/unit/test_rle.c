/* Runs against bitmaps, and COCO strings against pycocotools'. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "mask_tables.h"
#include "random.h"
#include "rle/coco.h"
#include "rle/rle.h"

static struct rle random_rle(uint64_t seed, uint32_t height, uint32_t width, uint32_t percent)
{
    struct rle rle = {0};
    struct error error;
    uint8_t *bits = random_bitmap(seed, height, width, percent);
    ck_assert_int_eq(rle_from_bitmap(&rle, bits, height, width, width, &error), 0);
    free(bits);
    return rle;
}

static const uint32_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {5, 7}, {8, 8}, {31, 17}};
static const uint32_t percents[] = {0, 3, 50, 97, 100};
enum { SIZES = sizeof sizes / sizeof *sizes, PERCENTS = sizeof percents / sizeof *percents };

/* Calls check(bits, rle, height, width) for masks of many sizes and densities. */
static void for_each_mask(void (*check)(const uint8_t *bits, struct rle *rle, uint32_t height,
                                        uint32_t width))
{
    for (uint64_t seed = 0; seed < 4; seed++)
        for (int s = 0; s < SIZES; s++)
            for (int p = 0; p < PERCENTS; p++) {
                uint8_t *bits = random_bitmap(seed, sizes[s][0], sizes[s][1], percents[p]);
                struct rle rle = random_rle(seed, sizes[s][0], sizes[s][1], percents[p]);
                check(bits, &rle, sizes[s][0], sizes[s][1]);
                rle_free(&rle);
                free(bits);
            }
}

static void check_measures(const uint8_t *bits, struct rle *rle, uint32_t height, uint32_t width)
{
    struct error error;
    uint64_t area = 0;
    struct box box = {INT32_MAX, INT32_MAX, -1, -1};
    for (int32_t y = 0; y < (int32_t)height; y++)
        for (int32_t x = 0; x < (int32_t)width; x++)
            if (bits[y * (int32_t)width + x]) {
                area++;
                box.x0 = x < box.x0 ? x : box.x0;
                box.y0 = y < box.y0 ? y : box.y0;
                box.x1 = x > box.x1 ? x : box.x1;
                box.y1 = y > box.y1 ? y : box.y1;
            }
    if (area == 0)
        box = (struct box){0, 0, 0, 0};
    struct box found = rle_box(rle);
    ck_assert_int_eq(rle_check(rle, &error), 0);
    ck_assert_uint_eq(rle_area(rle), area);
    ck_assert_int_eq(found.x0, box.x0);
    ck_assert_int_eq(found.y0, box.y0);
    ck_assert_int_eq(found.x1, box.x1);
    ck_assert_int_eq(found.y1, box.y1);
}

START_TEST(area_and_box_are_the_bitmaps)
{
    for_each_mask(check_measures);
}
END_TEST

static void check_round_trip(const uint8_t *bits, struct rle *rle, uint32_t height, uint32_t width)
{
    size_t stride = width + 3;
    uint8_t *back = calloc(height, stride);
    rle_to_bitmap(rle, back, stride);
    for (uint32_t y = 0; y < height; y++)
        ck_assert_mem_eq(back + y * stride, bits + (size_t)y * width, width);
    free(back);
}

START_TEST(bitmaps_come_back)
{
    for_each_mask(check_round_trip);
}
END_TEST

START_TEST(intersection_and_iou_are_the_bitmaps)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        uint32_t height = 1 + (uint32_t)seed % 7, width = 1 + (uint32_t)seed % 11;
        uint32_t percent = (uint32_t)(seed * 37 % 101);
        uint8_t *a = random_bitmap(seed, height, width, percent);
        uint8_t *b = random_bitmap(seed + 1000, height, width, 50);
        struct rle ra = random_rle(seed, height, width, percent);
        struct rle rb = random_rle(seed + 1000, height, width, 50);
        uint64_t both = 0, either = 0;
        for (size_t i = 0; i < (size_t)height * width; i++) {
            both += a[i] & b[i];
            either += a[i] | b[i];
        }
        ck_assert_uint_eq(rle_intersection(&ra, &rb), both);
        ck_assert_double_eq(rle_iou(&ra, &rb), either ? (double)both / (double)either : 0);
        rle_free(&ra);
        rle_free(&rb);
        free(a);
        free(b);
    }
}
END_TEST

START_TEST(runs_that_touch_are_joined)
{
    struct rle rle = {0}, same = {0};
    struct error error;
    static const uint32_t expected[] = {2, 5, 3, 2}, ranges[] = {2, 7, 10, 12};
    rle_begin(&rle, 3, 4);
    ck_assert_int_eq(rle_add(&rle, 2, 4, &error), 0);
    ck_assert_int_eq(rle_add(&rle, 4, 7, &error), 0);
    ck_assert_int_eq(rle_add(&rle, 10, 12, &error), 0);
    ck_assert_int_eq(rle_end(&rle, &error), 0);
    ck_assert_uint_eq(rle.length, 4);
    ck_assert_mem_eq(rle.counts, expected, sizeof expected);
    ck_assert_int_eq(rle_from_ranges(&same, 3, 4, ranges, 2, &error), 0);
    ck_assert_uint_eq(same.length, 4);
    ck_assert_mem_eq(same.counts, expected, sizeof expected);
    ck_assert_int_eq(rle_copy(&same, &rle, &error), 0);
    ck_assert_ptr_ne(same.counts, rle.counts);
    ck_assert_mem_eq(same.counts, expected, sizeof expected);
    rle_free(&same);
    rle_free(&rle);
}
END_TEST

START_TEST(broken_runs_are_found)
{
    struct error error;
    uint32_t empty_run[] = {1, 2, 0, 3}, short_sum[] = {1, 2, 2}, long_sum[] = {1, 2, 4};
    uint32_t wrapped[] = {UINT32_MAX, 7};
    struct rle rle = {.height = 2, .width = 3, .length = 4, .counts = empty_run};
    ck_assert_int_eq(rle_check(&rle, &error), -1);
    ck_assert_int_eq(error.code, ERROR_RECORD);
    rle.length = 3;
    rle.counts = short_sum;
    ck_assert_int_eq(rle_check(&rle, &error), -1);
    rle.counts = long_sum;
    ck_assert_int_eq(rle_check(&rle, &error), -1);
    rle.counts = wrapped;
    rle.length = 2;
    ck_assert_int_eq(rle_check(&rle, &error), -1);
}
END_TEST

START_TEST(strings_are_pycocotools)
{
    for (size_t i = 0; i < sizeof coco_cases / sizeof *coco_cases; i++) {
        const struct coco_case *c = &coco_cases[i];
        struct rle rle = random_rle(c->seed, c->height, c->width, c->percent);
        struct error error;
        size_t length;
        char *string = coco_string(&rle, &length, &error);
        ck_assert_str_eq(string, c->string);
        ck_assert_uint_eq(length, strlen(string));
        struct rle back = {0};
        ck_assert_int_eq(coco_parse(&back, string, length, c->height, c->width, &error), 0);
        ck_assert_uint_eq(back.length, rle.length);
        ck_assert_mem_eq(back.counts, rle.counts, rle.length * sizeof *rle.counts);
        rle_free(&back);
        free(string);
        rle_free(&rle);
    }
}
END_TEST

START_TEST(large_counts_survive_their_string)
{
    static const uint32_t ranges[] = {0, 4294836223u, 4294836224u, 4294836225u};
    struct rle rle = {0}, back = {0};
    struct error error;
    ck_assert_int_eq(rle_from_ranges(&rle, 65535, 65535, ranges, 2, &error), 0);
    size_t length;
    char *string = coco_string(&rle, &length, &error);
    ck_assert_int_eq(coco_parse(&back, string, length, 65535, 65535, &error), 0);
    ck_assert_uint_eq(back.length, rle.length);
    ck_assert_mem_eq(back.counts, rle.counts, rle.length * sizeof *rle.counts);
    rle_free(&back);
    free(string);
    rle_free(&rle);
}
END_TEST

START_TEST(hostile_strings_are_refused)
{
    static const struct {
        const char *text;
        uint32_t height, width;
    } cases[] = {
        {"", 2, 3},                /* nothing */
        {"5", 2, 3},               /* too short a sum */
        {"7", 2, 3},               /* too long a sum */
        {"6/", 2, 3},              /* a character before 48 */
        {"6p", 2, 3},              /* one after 111 */
        {"6\x80", 2, 3},           /* one that is negative as a signed char */
        {"15P", 2, 3},             /* an end inside a number */
        {"105", 2, 3},             /* an empty run in the middle */
        {"N", 2, 3},               /* a negative count */
        {"1111N5", 2, 3},          /* negative by its difference */
        {"oooooooooo", 2, 3},      /* a number without an end */
        {"ooooooo1", 2, 3},        /* a number of 40 bits */
        {"oooooo7", 65535, 65535}, /* 2^34 or so */
        {"0", 65536, 65536}        /* an image of 2^32 pixels */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rle rle = {0};
        struct error error = {0};
        int status = coco_parse(&rle, cases[i].text, strlen(cases[i].text), cases[i].height,
                                cases[i].width, &error);
        ck_assert_msg(status == -1, "case %zu was accepted", i);
        ck_assert_int_eq(error.code, ERROR_RECORD);
        ck_assert(error.text[0] != '\0');
        rle_free(&rle);
    }
}
END_TEST

START_TEST(random_strings_never_break_the_runs)
{
    struct random random = {1};
    for (int i = 0; i < 20000; i++) {
        char text[12];
        size_t length = random_below(&random, sizeof text);
        for (size_t j = 0; j < length; j++)
            text[j] = (char)(random_below(&random, 20) ? 48 + random_below(&random, 12)
                                                       : random_below(&random, 256));
        struct rle rle = {0};
        struct error error;
        if (coco_parse(&rle, text, length, 4, 5, &error) == 0)
            ck_assert_int_eq(rle_check(&rle, &error), 0);
        rle_free(&rle);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rle");
    TCase *tests = tcase_create("rle");
    tcase_add_test(tests, area_and_box_are_the_bitmaps);
    tcase_add_test(tests, bitmaps_come_back);
    tcase_add_test(tests, intersection_and_iou_are_the_bitmaps);
    tcase_add_test(tests, runs_that_touch_are_joined);
    tcase_add_test(tests, broken_runs_are_found);
    tcase_add_test(tests, strings_are_pycocotools);
    tcase_add_test(tests, large_counts_survive_their_string);
    tcase_add_test(tests, hostile_strings_are_refused);
    tcase_add_test(tests, random_strings_never_break_the_runs);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
