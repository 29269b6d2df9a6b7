/* Set operations, placing and areas of windows against bitmaps. */
#include "unit.h"

#include "base/error.h"
#include "random.h"
#include "rle/combine.h"
#include "rle/rle.h"

static void expect_bitmap(const struct rle *rle, const uint8_t *bits, uint32_t height,
                          uint32_t width)
{
    struct rle expected = {0};
    struct error error;
    ck_assert_int_eq(rle_from_bitmap(&expected, bits, height, width, width, &error), 0);
    ck_assert_uint_eq(rle->height, height);
    ck_assert_uint_eq(rle->width, width);
    ck_assert_uint_eq(rle->length, expected.length);
    ck_assert_mem_eq(rle->counts, expected.counts, expected.length * sizeof *expected.counts);
    rle_free(&expected);
}

START_TEST(set_operations_are_the_bitmaps)
{
    struct rle ra = {0}, rb = {0}, found = {0};
    struct error error;
    for (uint64_t seed = 0; seed < 200; seed++) {
        uint32_t height = 1 + (uint32_t)seed % 9, width = 1 + (uint32_t)seed % 7;
        uint8_t *a = random_bitmap(seed, height, width, (uint32_t)(seed * 31 % 101));
        uint8_t *b = random_bitmap(seed + 1000, height, width, (uint32_t)(seed * 57 % 101));
        uint8_t expected[3][63];
        for (size_t i = 0; i < (size_t)height * width; i++) {
            expected[RLE_UNION][i] = a[i] | b[i];
            expected[RLE_INTERSECTION][i] = a[i] & b[i];
            expected[RLE_DIFFERENCE][i] = a[i] & !b[i];
        }
        rle_from_bitmap(&ra, a, height, width, width, &error);
        rle_from_bitmap(&rb, b, height, width, width, &error);
        for (enum rle_operation operation = RLE_UNION; operation <= RLE_DIFFERENCE; operation++) {
            ck_assert_int_eq(rle_combine(&found, &ra, &rb, operation, &error), 0);
            expect_bitmap(&found, expected[operation], height, width);
        }
        free(a);
        free(b);
    }
    rle_free(&ra);
    rle_free(&rb);
    rle_free(&found);
}
END_TEST

START_TEST(placing_moves_and_cuts)
{
    struct rle from = {0}, found = {0};
    struct random random = {1};
    struct error error;
    for (uint64_t seed = 0; seed < 500; seed++) {
        uint32_t height = 1 + random_below(&random, 12), width = 1 + random_below(&random, 12);
        uint32_t to_height = 1 + random_below(&random, 20),
                 to_width = 1 + random_below(&random, 20);
        int dx = (int)random_below(&random, 25) - 12, dy = (int)random_below(&random, 25) - 12;
        uint8_t *bits = random_bitmap(seed, height, width, random_below(&random, 101));
        uint8_t expected[400] = {0};
        uint64_t area = 0;
        for (int y = 0; y < (int)height; y++)
            for (int x = 0; x < (int)width; x++)
                if (bits[y * (int)width + x] && x + dx >= 0 && x + dx < (int)to_width &&
                    y + dy >= 0 && y + dy < (int)to_height) {
                    expected[(y + dy) * (int)to_width + x + dx] = 1;
                    area++;
                }
        rle_from_bitmap(&from, bits, height, width, width, &error);
        struct rect window = {-dx, -dy, (int32_t)to_width, (int32_t)to_height};
        ck_assert_int_eq(rle_place(&found, &from, window, &error), 0);
        expect_bitmap(&found, expected, to_height, to_width);
        ck_assert_uint_eq(rle_area_within(&from, window), area);
        free(bits);
    }
    rle_free(&from);
    rle_free(&found);
}
END_TEST

START_TEST(without_a_window_the_rest_stays)
{
    struct rle from = {0}, found = {0};
    struct error error;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct random random = {seed};
        uint32_t height = 1 + random_below(&random, 15), width = 1 + random_below(&random, 15);
        struct rect window = {
            (int32_t)random_below(&random, 20) - 4, (int32_t)random_below(&random, 20) - 4,
            (int32_t)random_below(&random, 12), (int32_t)random_below(&random, 12)};
        uint8_t *bits = random_bitmap(seed, height, width, random_below(&random, 101));
        rle_from_bitmap(&from, bits, height, width, width, &error);
        for (int y = 0; y < (int)height; y++)
            for (int x = 0; x < (int)width; x++)
                if (x >= window.x && x < window.x + window.width && y >= window.y &&
                    y < window.y + window.height)
                    bits[y * (int)width + x] = 0;
        ck_assert_int_eq(rle_without(&found, &from, window, &error), 0);
        expect_bitmap(&found, bits, height, width);
        free(bits);
    }
    rle_free(&from);
    rle_free(&found);
}
END_TEST

START_TEST(inverting_twice_changes_nothing)
{
    struct rle rle = {0};
    struct error error;
    for (uint32_t percent = 0; percent <= 100; percent += 20) {
        uint8_t *bits = random_bitmap(percent, 6, 7, percent);
        uint8_t inverse[42];
        for (int i = 0; i < 42; i++)
            inverse[i] = !bits[i];
        rle_from_bitmap(&rle, bits, 6, 7, 7, &error);
        ck_assert_int_eq(rle_invert(&rle, &error), 0);
        expect_bitmap(&rle, inverse, 6, 7);
        ck_assert_int_eq(rle_invert(&rle, &error), 0);
        expect_bitmap(&rle, bits, 6, 7);
        free(bits);
    }
    rle_free(&rle);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("combine");
    TCase *tests = tcase_create("combine");
    tcase_add_test(tests, set_operations_are_the_bitmaps);
    tcase_add_test(tests, placing_moves_and_cuts);
    tcase_add_test(tests, without_a_window_the_rest_stays);
    tcase_add_test(tests, inverting_twice_changes_nothing);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
