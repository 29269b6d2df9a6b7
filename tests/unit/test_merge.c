/* Partitions against bitmaps, and objects that cross tiles. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "filters/mask.h"
#include "filters/merge.h"
#include "filters/partition.h"
#include "random.h"
#include "rle/combine.h"

enum { MASKS = 6, HEIGHT = 11, WIDTH = 13, PIXELS = HEIGHT * WIDTH };

static void add_bitmap(struct mask_list *list, const uint8_t *bits, uint32_t height, uint32_t width,
                       float score)
{
    struct mask mask = {.predicted_iou = score, .point = {(double)list->count, 0}};
    struct error error;
    ck_assert_int_eq(rle_from_bitmap(&mask.rle, bits, height, width, width, &error), 0);
    mask.box = rle_box(&mask.rle);
    mask.area = rle_area(&mask.rle);
    ck_assert_int_eq(mask_list_add(list, &mask, &error), 0);
}

/* Which of the masks that hold a pixel wins it; MASKS for none. */
static size_t winner_of(const struct mask *masks, const uint8_t bits[MASKS][PIXELS], size_t pixel,
                        enum partition_winner winner)
{
    size_t best = MASKS;
    for (size_t i = 0; i < MASKS; i++) {
        if (!bits[i][pixel])
            continue;
        bool wins = best == MASKS;
        if (!wins && winner == PARTITION_SMALLER && masks[i].area != masks[best].area)
            wins = masks[i].area < masks[best].area;
        else if (!wins)
            wins = masks[i].predicted_iou > masks[best].predicted_iou;
        best = wins ? i : best;
    }
    return best;
}

static void check_partition(uint64_t seed, enum partition_winner winner)
{
    struct mask_list list = {0};
    struct error error;
    uint8_t bits[MASKS][PIXELS], expected[MASKS][PIXELS] = {0};
    struct mask before[MASKS];
    struct random random = {seed};
    for (size_t i = 0; i < MASKS; i++) {
        uint8_t *one =
            random_blobs(seed * MASKS + i, HEIGHT, WIDTH, 10 + random_below(&random, 60));
        memcpy(bits[i], one, PIXELS);
        free(one);
        add_bitmap(&list, bits[i], HEIGHT, WIDTH, (float)random_below(&random, 3));
        before[i] = list.items[i];
    }
    for (size_t p = 0; p < PIXELS; p++) {
        size_t best = winner_of(before, bits, p, winner);
        if (best < MASKS)
            expected[best][p] = 1;
    }
    ck_assert_int_eq(partition_masks(&list, winner, &error), 0);
    size_t at = 0;
    for (size_t i = 0; i < MASKS; i++) {
        uint8_t found[PIXELS];
        uint64_t area = 0;
        for (size_t p = 0; p < PIXELS; p++)
            area += expected[i][p];
        if (area == 0)
            continue;
        ck_assert_int_eq((int)list.items[at].point[0], (int)i);
        ck_assert_uint_eq(list.items[at].area, area);
        rle_to_bitmap(&list.items[at++].rle, found, WIDTH);
        ck_assert_mem_eq(found, expected[i], PIXELS);
    }
    ck_assert_uint_eq(list.count, at);
    mask_list_free(&list);
}

START_TEST(each_pixel_goes_to_the_winner)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        check_partition(seed, PARTITION_SMALLER);
        check_partition(seed, PARTITION_BETTER);
    }
}
END_TEST

/* The image is cut into tiles of `tile` pixels with `halo` pixels more on every side that has a
 * neighbour, and each object into what each tile sees of it. */
static void add_tiles(struct mask_list *list, const struct rle *objects, int count, int size,
                      int tile, int halo)
{
    struct error error;
    for (int y = 0; y < size; y += tile)
        for (int x = 0; x < size; x += tile) {
            struct rect rect = {x > halo ? x - halo : 0, y > halo ? y - halo : 0, 0, 0};
            rect.width = (x + tile + halo < size ? x + tile + halo : size) - rect.x;
            rect.height = (y + tile + halo < size ? y + tile + halo : size) - rect.y;
            for (int i = 0; i < count; i++) {
                struct rle seen = {0};
                struct mask mask = {.crop = rect, .predicted_iou = (float)(x + y + 1)};
                rle_place(&seen, &objects[i], -rect.x, -rect.y, (uint32_t)rect.height,
                          (uint32_t)rect.width, &error);
                rle_place(&mask.rle, &seen, rect.x, rect.y, (uint32_t)size, (uint32_t)size, &error);
                rle_free(&seen);
                mask.box = rle_box(&mask.rle);
                mask.area = rle_area(&mask.rle);
                if (mask.area > 0)
                    ck_assert_int_eq(mask_list_add(list, &mask, &error), 0);
                rle_free(&mask.rle);
            }
        }
}

static struct rle disc(int size, int centre_x, int centre_y, int radius)
{
    struct rle rle = {0};
    struct error error;
    uint8_t *bits = calloc((size_t)size, (size_t)size);
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            bits[y * size + x] =
                (x - centre_x) * (x - centre_x) + (y - centre_y) * (y - centre_y) <=
                radius * radius;
    rle_from_bitmap(&rle, bits, (uint32_t)size, (uint32_t)size, (size_t)size, &error);
    free(bits);
    return rle;
}

START_TEST(objects_over_tile_borders_come_back_whole)
{
    enum { SIZE = 120, COUNT = 4 };
    struct rle objects[COUNT] = {disc(SIZE, 60, 60, 50), disc(SIZE, 40, 20, 8),
                                 disc(SIZE, 100, 101, 15), disc(SIZE, 20, 100, 5)};
    struct mask_list list = {0};
    struct error error;
    add_tiles(&list, objects, COUNT, SIZE, 40, 8);
    ck_assert_uint_gt(list.count, 9);
    ck_assert_int_eq(merge_tiles(&list, 0.9, &error), 0);
    ck_assert_uint_eq(list.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        bool found = false;
        for (size_t j = 0; j < list.count; j++)
            found = found || rle_iou(&list.items[j].rle, &objects[i]) == 1;
        ck_assert_msg(found, "object %d is not whole", i);
    }
    for (size_t j = 0; j < list.count; j++) {
        struct box box = rle_box(&list.items[j].rle);
        ck_assert_mem_eq(&list.items[j].box, &box, sizeof box);
        ck_assert_uint_eq(list.items[j].area, rle_area(&list.items[j].rle));
    }
    ck_assert_float_eq(list.items[COUNT - 1].predicted_iou, 161); /* in its last tile */
    mask_list_free(&list);
    for (int i = 0; i < COUNT; i++)
        rle_free(&objects[i]);
}
END_TEST

START_TEST(what_disagrees_in_the_overlap_stays_apart)
{
    struct mask_list list = {0};
    struct error error;
    uint8_t left[10 * 10] = {0}, right[10 * 10] = {0};
    for (int y = 0; y < 10; y++)
        for (int x = 0; x < 10; x++) {
            left[y * 10 + x] = x < 6 && y < 6;
            right[y * 10 + x] = x >= 4 && y >= 3;
        }
    add_bitmap(&list, left, 10, 10, 1);
    add_bitmap(&list, right, 10, 10, 2);
    list.items[0].crop = (struct rect){0, 0, 6, 10};
    list.items[1].crop = (struct rect){4, 0, 6, 10};
    ck_assert_int_eq(merge_tiles(&list, 0.5, &error), 0); /* 6 of 20 pixels agree */
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(merge_tiles(&list, 0.3, &error), 0);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_float_eq(list.items[0].predicted_iou, 2);
    mask_list_free(&list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("merge");
    TCase *tests = tcase_create("merge");
    tcase_add_test(tests, each_pixel_goes_to_the_winner);
    tcase_add_test(tests, objects_over_tile_borders_come_back_whole);
    tcase_add_test(tests, what_disagrees_in_the_overlap_stays_apart);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
