/* Polygons are filled again and give the mask back; holes know what they are in. Other tools'
 * polygons are filled as COCO fills them. */
#include "unit.h"

#include <math.h>

#include "base/error.h"
#include "random.h"
#include "rle/coco.h"
#include "rle/polygon.h"
#include "rle/polygon_fill.h"
#include "rle/rle.h"

/* Adds to winding[] how often the line from a to b passes on the right of each pixel's centre:
 * once for a line downwards, minus once for one upwards. */
static void wind(const int32_t *a, const int32_t *b, int height, int width, int *winding)
{
    const int32_t *top = a[1] < b[1] ? a : b, *bottom = a[1] < b[1] ? b : a;
    for (int y = top[1]; y < bottom[1] && y < height; y++) {
        double part = (y + 0.5 - top[1]) / (bottom[1] - top[1]);
        double crossing = top[0] + part * (bottom[0] - top[0]);
        for (int x = 0; x < width && x + 0.5 < crossing; x++)
            winding[y * width + x] += a == top ? 1 : -1;
    }
}

/* Filling gives `bits` by the even-odd rule and by the winding rule alike. */
static void expect_fill(const struct polygons *polygons, const uint8_t *bits, int height, int width)
{
    int *winding = calloc((size_t)height * (size_t)width, sizeof *winding);
    for (size_t p = 0; p < polygons->count; p++) {
        const struct polygon *polygon = &polygons->items[p];
        int32_t(*xy)[2] = polygons->xy + polygon->first;
        for (size_t i = 0; i < polygon->count; i++)
            wind(xy[i], xy[(i + 1) % polygon->count], height, width, winding);
    }
    for (int i = 0; i < height * width; i++)
        ck_assert_int_eq(winding[i], bits[i]);
    free(winding);
}

static int64_t twice_area(const struct polygons *polygons, const struct polygon *polygon)
{
    int64_t sum = 0;
    int32_t(*xy)[2] = polygons->xy + polygon->first;
    for (size_t i = 0; i < polygon->count; i++) {
        const int32_t *a = xy[i], *b = xy[(i + 1) % polygon->count];
        sum += (int64_t)a[0] * b[1] - (int64_t)b[0] * a[1];
    }
    return sum;
}

/* Rings have corners only where they turn; those of holes run the other way and lie in a ring. */
static void expect_rings(const struct polygons *polygons, uint64_t area)
{
    int64_t sum = 0;
    for (size_t p = 0; p < polygons->count; p++) {
        const struct polygon *polygon = &polygons->items[p];
        int32_t(*xy)[2] = polygons->xy + polygon->first;
        int64_t twice = twice_area(polygons, polygon);
        ck_assert_int_eq(twice < 0, polygon->outer != p);
        ck_assert_uint_eq(polygons->items[polygon->outer].outer, polygon->outer);
        for (size_t i = 0; i < polygon->count; i++) {
            const int32_t *a = xy[i], *b = xy[(i + 1) % polygon->count];
            ck_assert((a[0] == b[0]) != (a[1] == b[1]));
            const int32_t *c = xy[(i + 2) % polygon->count];
            ck_assert((a[0] == b[0]) == (b[1] == c[1]));
        }
        sum += twice;
    }
    ck_assert_int_eq(sum, 2 * (int64_t)area);
}

static void check_mask(struct polygons *polygons, const uint8_t *bits, int height, int width)
{
    struct rle rle = {0};
    struct error error;
    ck_assert_int_eq(
        rle_from_bitmap(&rle, bits, (uint32_t)height, (uint32_t)width, (size_t)width, &error), 0);
    ck_assert_int_eq(polygons_trace(polygons, &rle, POLYGON_RINGS, &error), 0);
    expect_fill(polygons, bits, height, width);
    expect_rings(polygons, rle_area(&rle));
    size_t outer = 0;
    for (size_t i = 0; i < polygons->count; i++)
        outer += polygons->items[i].outer == i;
    ck_assert_int_eq(polygons_trace(polygons, &rle, POLYGON_JOINED_HOLES, &error), 0);
    ck_assert_uint_eq(polygons->count, outer);
    expect_fill(polygons, bits, height, width);
    ck_assert_int_eq(polygons_trace(polygons, &rle, POLYGON_SINGLE, &error), 0);
    ck_assert_uint_eq(polygons->count, outer > 0);
    expect_fill(polygons, bits, height, width);
    rle_free(&rle);
}

START_TEST(filling_gives_the_mask_back)
{
    struct polygons polygons = {0};
    struct random random = {1};
    for (uint64_t seed = 0; seed < 600; seed++) {
        uint32_t height = 1 + random_below(&random, 24), width = 1 + random_below(&random, 24);
        uint32_t percent = random_below(&random, 101);
        uint8_t *bits = seed % 2 ? random_bitmap(seed, height, width, percent)
                                 : random_blobs(seed, height, width, percent);
        check_mask(&polygons, bits, (int)height, (int)width);
        free(bits);
    }
    polygons_free(&polygons);
}
END_TEST

START_TEST(a_ring_in_a_hole_is_no_hole)
{
    static const uint8_t bits[7 * 7] = {
        1, 1, 1, 1, 1, 1, 1, /**/
        1, 0, 0, 0, 0, 0, 1, /**/
        1, 0, 1, 1, 1, 0, 1, /**/
        1, 0, 1, 0, 1, 0, 1, /**/
        1, 0, 1, 1, 1, 0, 1, /**/
        1, 0, 0, 0, 0, 0, 1, /**/
        1, 1, 1, 1, 1, 1, 1,
    };
    static const size_t outer[] = {0, 0, 2, 2};
    static const int32_t frame[][2] = {{0, 7}, {0, 0}, {7, 0}, {7, 7}};
    struct polygons polygons = {0};
    struct rle rle = {0};
    struct error error;
    ck_assert_int_eq(rle_from_bitmap(&rle, bits, 7, 7, 7, &error), 0);
    ck_assert_int_eq(polygons_trace(&polygons, &rle, POLYGON_RINGS, &error), 0);
    ck_assert_uint_eq(polygons.count, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(polygons.items[i].outer, outer[i]);
    ck_assert_uint_eq(polygons.items[0].count, 4);
    ck_assert_mem_eq(polygons.xy, frame, sizeof frame);
    rle_free(&rle);
    polygons_free(&polygons);
}
END_TEST

/* What pycocotools 2.0's frPyObjects makes of these polygons in an image of height 9 and width 10. */
static const struct filling {
    double xy[8];
    size_t corners;
    const char *counts;
} fillings[] = {
    {{0.5, 0.5, 8.25, 1.75, 6.5, 7.5, 1, 5}, 4, ":451O001O010OLd0"},
    {{-3, -2, 12, 4, 3, 11}, 3, "0543M10O00001N1O2O0ON"},
    {{2, 2, 7, 2, 2, 7, 7, 7}, 4, "h0140N1230LN16Oe0"}, /* crosses itself */
    {{3, 1, 3.1, 1, 3.1, 1.1}, 3, "j2"},                /* no pixel */
};

START_TEST(polygons_are_filled_as_coco_fills_them)
{
    const struct filling *filling = &fillings[_i];
    struct rle rle = {.height = 9, .width = 10};
    struct error error;
    ck_assert_int_eq(polygon_fill(&rle, filling->xy, filling->corners, &error), 0);
    char *counts = coco_string(&rle, NULL, &error);
    ck_assert_str_eq(counts, filling->counts);
    free(counts);
    rle_free(&rle);
}
END_TEST

START_TEST(corners_far_away_are_refused)
{
    static const double bad[] = {-11, 21, 1e300, NAN, INFINITY};
    struct rle rle = {.height = 9, .width = 10};
    struct error error;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const double xy[6] = {0, 0, 5, 0, bad[i], 5};
        ck_assert_int_eq(polygon_fill(&rle, xy, 3, &error), -1);
        ck_assert_int_eq(error.code, ERROR_RECORD);
    }
    rle_free(&rle);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("polygon");
    TCase *tests = tcase_create("polygon");
    tcase_add_test(tests, filling_gives_the_mask_back);
    tcase_add_test(tests, a_ring_in_a_hole_is_no_hole);
    tcase_add_loop_test(tests, polygons_are_filled_as_coco_fills_them, 0,
                        sizeof fillings / sizeof *fillings);
    tcase_add_test(tests, corners_far_away_are_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
