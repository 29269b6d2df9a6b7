/* Regions against a flood fill on bitmaps, and against OpenCV's answers. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "filters/mask.h"
#include "filters/regions.h"
#include "mask_tables.h"
#include "random.h"
#include "rle/coco.h"

/* Labels the region of `colour` around pixel `seed` with `label`; returns its area. */
static uint32_t flood(const uint8_t *bits, int height, int width, int seed, uint8_t colour,
                      uint32_t *labels, uint32_t label, int *stack)
{
    uint32_t area = 0;
    int depth = 0;
    stack[depth++] = seed;
    labels[seed] = label;
    while (depth > 0) {
        int pixel = stack[--depth];
        int x = pixel % width, y = pixel / width;
        area++;
        for (int j = y > 0 ? y - 1 : 0; j <= y + 1 && j < height; j++)
            for (int i = x > 0 ? x - 1 : 0; i <= x + 1 && i < width; i++) {
                int next = j * width + i;
                if (bits[next] == colour && labels[next] == 0) {
                    labels[next] = label;
                    stack[depth++] = next;
                }
            }
    }
    return area;
}

/* The reference: turns regions of `colour` below min_area over, but for the islands' largest. */
static bool plain_regions(uint8_t *bits, int height, int width, uint8_t colour, uint32_t min_area)
{
    int pixels = height * width;
    uint32_t *labels = calloc((size_t)pixels, sizeof *labels);
    uint32_t *areas = calloc((size_t)pixels + 1, sizeof *areas);
    int *stack = calloc((size_t)pixels, sizeof *stack);
    uint32_t count = 0, largest = 0;
    bool small = false;
    for (int y = 0; y < height; y += 2) /* OpenCV's order of labels: blocks of 2 x 2 */
        for (int x = 0; x < width; x++)
            for (int j = y; j < y + 2 && j < height; j++) {
                int pixel = j * width + x;
                if (bits[pixel] != colour || labels[pixel])
                    continue;
                count++;
                areas[count] = flood(bits, height, width, pixel, colour, labels, count, stack);
                small = small || areas[count] < min_area;
                largest = areas[count] > areas[largest] ? count : largest;
            }
    for (int i = 0; i < pixels; i++)
        if (labels[i] && areas[labels[i]] < min_area && !(colour && labels[i] == largest))
            bits[i] ^= 1;
    free(stack);
    free(areas);
    free(labels);
    return small;
}

static void expect_bitmap(const struct rle *rle, const uint8_t *bits, uint32_t height,
                          uint32_t width)
{
    struct rle expected = {0};
    struct error error;
    ck_assert_int_eq(rle_from_bitmap(&expected, bits, height, width, width, &error), 0);
    ck_assert_uint_eq(rle->length, expected.length);
    ck_assert_mem_eq(rle->counts, expected.counts, expected.length * sizeof *expected.counts);
    rle_free(&expected);
}

static void check_both(struct regions *regions, uint8_t *bits, uint32_t height, uint32_t width,
                       uint32_t min_area)
{
    struct rle rle = {0};
    struct error error;
    bool holes, islands;
    ck_assert_int_eq(rle_from_bitmap(&rle, bits, height, width, width, &error), 0);
    ck_assert_int_eq(regions_fill_holes(regions, &rle, min_area, &holes, &error), 0);
    ck_assert_int_eq(holes, plain_regions(bits, (int)height, (int)width, 0, min_area));
    expect_bitmap(&rle, bits, height, width);
    ck_assert_int_eq(regions_drop_islands(regions, &rle, min_area, &islands, NULL, &error), 0);
    ck_assert_int_eq(islands, plain_regions(bits, (int)height, (int)width, 1, min_area));
    expect_bitmap(&rle, bits, height, width);
    rle_free(&rle);
}

START_TEST(runs_and_flood_fill_agree)
{
    struct regions regions = {0};
    struct random random = {1};
    for (uint64_t seed = 0; seed < 400; seed++) {
        uint32_t height = 1 + random_below(&random, 40), width = 1 + random_below(&random, 40);
        uint32_t percent = random_below(&random, 101);
        uint32_t min_area = 1 + random_below(&random, seed % 4 ? 12 : 2000);
        uint8_t *bits = seed % 2 ? random_bitmap(seed, height, width, percent)
                                 : random_blobs(seed, height, width, percent);
        check_both(&regions, bits, height, width, min_area);
        free(bits);
    }
    regions_free(&regions);
}
END_TEST

static void expect_string(const struct rle *rle, const char *string)
{
    struct error error;
    char *found = coco_string(rle, NULL, &error);
    ck_assert_str_eq(found, string);
    free(found);
}

START_TEST(regions_are_opencvs)
{
    struct regions regions = {0};
    struct error error;
    for (size_t i = 0; i < sizeof region_cases / sizeof *region_cases; i++) {
        const struct region_case *c = &region_cases[i];
        uint8_t *bits = random_blobs(c->seed, c->height, c->width, c->percent);
        struct rle rle = {0};
        bool changed;
        ck_assert_int_eq(rle_from_bitmap(&rle, bits, c->height, c->width, c->width, &error), 0);
        ck_assert_int_eq(regions_fill_holes(&regions, &rle, c->min_area, &changed, &error), 0);
        ck_assert_int_eq(changed, c->holes);
        expect_string(&rle, c->filled);
        ck_assert_int_eq(regions_drop_islands(&regions, &rle, c->min_area, &changed, NULL, &error),
                         0);
        ck_assert_int_eq(changed, c->islands);
        expect_string(&rle, c->clean);
        rle_free(&rle);
        free(bits);
    }
    regions_free(&regions);
}
END_TEST

enum { SIDE = 20 };

/* Adds a mask of the rectangles (x, y, width, height), the later ones turning pixels over. */
static void add_mask(struct mask_list *list, const int (*rectangles)[4], int count)
{
    uint8_t bits[SIDE * SIDE] = {0};
    for (int i = 0; i < count; i++)
        for (int y = rectangles[i][1]; y < rectangles[i][1] + rectangles[i][3]; y++)
            for (int x = rectangles[i][0]; x < rectangles[i][0] + rectangles[i][2]; x++)
                bits[y * SIDE + x] ^= 1;
    struct mask mask = {.point = {(double)list->count, 0}};
    struct error error;
    ck_assert_int_eq(rle_from_bitmap(&mask.rle, bits, SIDE, SIDE, SIDE, &error), 0);
    mask.box = rle_box(&mask.rle);
    mask.area = rle_area(&mask.rle);
    ck_assert_int_eq(mask_list_add(list, &mask, &error), 0);
}

static void add_three(struct mask_list *list)
{
    add_mask(list, (const int[][4]){{0, 0, 10, 10}, {3, 3, 2, 2}, {15, 15, 2, 2}}, 3);
    add_mask(list, (const int[][4]){{0, 0, 10, 9}}, 1);
    add_mask(list, (const int[][4]){{14, 2, 2, 2}, {18, 2, 2, 1}}, 2);
}

START_TEST(unchanged_masks_win_after_the_clean_up)
{
    struct mask_list list = {0};
    struct error error;
    add_three(&list);
    ck_assert_int_eq(regions_clean(&list, 8, 0.7, &error), 0);
    ck_assert_uint_eq(list.count, 2); /* the first, once clean, is too near to the second */
    ck_assert_int_eq((int)list.items[0].point[0], 1);
    ck_assert_int_eq((int)list.items[1].point[0], 2);
    struct box largest = {14, 2, 15, 3};
    ck_assert_mem_eq(&list.items[1].box, &largest, sizeof largest);
    ck_assert_uint_eq(list.items[1].area, 4);
    mask_list_free(&list);
}
END_TEST

START_TEST(the_papers_clean_up_drops_small_masks)
{
    struct mask_list list = {0};
    struct error error;
    add_three(&list);
    ck_assert_int_eq(regions_clean_sa1b(&list, 8, &error), 0);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_uint_eq(list.items[0].area, 100);
    struct box square = {0, 0, 9, 9};
    ck_assert_mem_eq(&list.items[0].box, &square, sizeof square);
    ck_assert_int_eq((int)list.items[1].point[0], 1);
    mask_list_free(&list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("regions");
    TCase *tests = tcase_create("regions");
    tcase_add_test(tests, runs_and_flood_fill_agree);
    tcase_add_test(tests, regions_are_opencvs);
    tcase_add_test(tests, unchanged_masks_win_after_the_clean_up);
    tcase_add_test(tests, the_papers_clean_up_drops_small_masks);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
