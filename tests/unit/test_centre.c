/* The centre of a mask: drawn cases, and random masks against the definition. */
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "filters/centre.h"
#include "random.h"
#include "rle/rle.h"

enum { SIDE_MAX = 24 };

/* Draws '#' pixels, row after row. */
static struct rle draw(const char *drawing, uint32_t width, uint32_t height)
{
    struct rle rle = {0};
    struct error error;
    uint8_t bits[SIDE_MAX * SIDE_MAX];
    ck_assert_uint_eq(strlen(drawing), (size_t)width * height);
    for (size_t i = 0; i < (size_t)width * height; i++)
        bits[i] = drawing[i] == '#';
    ck_assert_int_eq(rle_from_bitmap(&rle, bits, height, width, width, &error), 0);
    return rle;
}

static void check_centre(const char *drawing, uint32_t width, uint32_t height, int32_t wanted_x,
                         int32_t wanted_y, int64_t wanted_squared)
{
    struct rle rle = draw(drawing, width, height);
    struct error error;
    int32_t x, y;
    int64_t squared;
    ck_assert_int_eq(mask_centre(&rle, &x, &y, &squared, &error), 0);
    ck_assert_int_eq(x, wanted_x);
    ck_assert_int_eq(y, wanted_y);
    ck_assert_int_eq(squared, wanted_squared);
    rle_free(&rle);
}

START_TEST(drawn_masks)
{
    check_centre("#", 1, 1, 0, 0, 1);
    check_centre("..."
                 ".#."
                 "...",
                 3, 3, 1, 1, 1);
    /* beyond the image is border: the middle, not a corner of the image */
    check_centre("#####"
                 "#####"
                 "#####"
                 "#####"
                 "#####",
                 5, 5, 2, 2, 9);
    /* two squares joined by a bridge: the larger one's middle */
    check_centre("###........"
                 "###...#####"
                 "###########"
                 "###...#####"
                 "......#####"
                 "......#####",
                 11, 6, 8, 3, 9);
    /* a ring: its middle is not in the mask */
    check_centre("#####"
                 "#####"
                 "##.##"
                 "#####"
                 "#####",
                 5, 5, 1, 1, 2);
    /* of equal ones the first, row by row */
    check_centre("#.#"
                 "..."
                 "#.#",
                 3, 3, 0, 0, 1);
}
END_TEST

/* Squared distance of (x, y) to the nearest pixel that is not in the mask, by looking at all. */
static int64_t distance(const uint8_t *bits, int width, int height, int x, int y)
{
    int64_t nearest = INT64_MAX;
    for (int v = -1; v <= height; v++)
        for (int u = -1; u <= width; u++) {
            bool inside = u >= 0 && v >= 0 && u < width && v < height && bits[v * width + u];
            int64_t squared = (int64_t)(u - x) * (u - x) + (int64_t)(v - y) * (v - y);
            if (!inside && squared < nearest)
                nearest = squared;
        }
    return nearest;
}

START_TEST(random_masks_as_defined)
{
    struct random random = {7};
    for (int round = 0; round < 100; round++) {
        int width = 1 + (int)random_below(&random, SIDE_MAX);
        int height = 1 + (int)random_below(&random, SIDE_MAX);
        uint32_t holes = 1 + random_below(&random, 40);
        uint8_t bits[SIDE_MAX * SIDE_MAX];
        int wanted = -1;
        int64_t farthest = 0;
        for (int i = 0; i < width * height; i++)
            bits[i] = i == 0 || random_below(&random, holes) != 0;
        for (int i = 0; i < width * height; i++) {
            int64_t squared = bits[i] ? distance(bits, width, height, i % width, i / width) : 0;
            wanted = squared > farthest ? i : wanted;
            farthest = squared > farthest ? squared : farthest;
        }
        struct rle rle = {0};
        struct error error;
        int32_t x, y;
        int64_t squared;
        ck_assert_int_eq(
            rle_from_bitmap(&rle, bits, (uint32_t)height, (uint32_t)width, (size_t)width, &error),
            0);
        ck_assert_int_eq(mask_centre(&rle, &x, &y, &squared, &error), 0);
        ck_assert_int_eq(y * width + x, wanted);
        ck_assert_int_eq(squared, farthest);
        rle_free(&rle);
    }
}
END_TEST

START_TEST(an_empty_mask_is_refused)
{
    struct rle rle = draw("....", 2, 2);
    struct error error;
    int32_t x, y;
    ck_assert_int_eq(mask_centre(&rle, &x, &y, NULL, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    rle_free(&rle);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("centre");
    TCase *tests = tcase_create("centre");
    tcase_add_test(tests, drawn_masks);
    tcase_add_test(tests, random_masks_as_defined);
    tcase_add_test(tests, an_empty_mask_is_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
