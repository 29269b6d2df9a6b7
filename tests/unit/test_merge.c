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
                rle_place(&seen, &objects[i], rect, &error);
                rle_place(&mask.rle, &seen, (struct rect){-rect.x, -rect.y, size, size}, &error);
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

enum { LONG = 60, SHORT = 20 };

static const struct rect left_tile = {0, 0, 36, SHORT}, right_tile = {24, 0, 36, SHORT};

/* Adds the pixels from (x0, y0) to (x1, y1) of an image of LONG x SHORT, or with x and y exchanged.
 */
static void add_box(struct mask_list *list, struct rect tile, struct box box, bool exchanged,
                    float score)
{
    uint8_t bits[LONG * SHORT] = {0};
    for (int y = box.y0; y <= box.y1; y++)
        for (int x = box.x0; x <= box.x1; x++)
            bits[exchanged ? x * SHORT + y : y * LONG + x] = 1;
    if (exchanged)
        tile = (struct rect){tile.y, tile.x, tile.height, tile.width};
    add_bitmap(list, bits, exchanged ? LONG : SHORT, exchanged ? SHORT : LONG, score);
    list->items[list->count - 1].crop = tile;
}

/* Adds a column of a piece to the list's last mask. */
static void add_column(struct mask_list *list, int x, int y0, int y1, bool exchanged)
{
    struct error error;
    struct mask *mask = &list->items[list->count - 1];
    struct mask_list column = {0};
    struct rle both = {0};
    add_box(&column, mask->crop, (struct box){x, y0, x, y1}, exchanged, 0);
    rle_combine(&both, &mask->rle, &column.items[0].rle, RLE_UNION, &error);
    rle_copy(&mask->rle, &both, &error);
    mask->box = rle_box(&mask->rle);
    mask->area = rle_area(&mask->rle);
    rle_free(&both);
    mask_list_free(&column);
}

/* A bar over the border of two tiles. What each tile sees of it is right but for the last columns
 * before its border, where it grows wide. */
static void check_bar(bool exchanged)
{
    struct mask_list list = {0}, truth = {0};
    struct error error;
    add_box(&list, left_tile, (struct box){4, 6, 30, 13}, exchanged, 1);
    for (int x = 31; x < 36; x++)
        add_column(&list, x, 6, 13 + (x - 30), exchanged);
    add_box(&list, right_tile, (struct box){28, 6, 55, 13}, exchanged, 2);
    for (int x = 24; x < 28; x++)
        add_column(&list, x, 6 - (28 - x), 13, exchanged);
    add_box(&truth, left_tile, (struct box){4, 6, 55, 13}, exchanged, 0);
    ck_assert_int_eq(merge_tiles(&list, 0.5, &error), 0);
    ck_assert_uint_eq(list.count, 1);
    ck_assert_double_eq(rle_iou(&list.items[0].rle, &truth.items[0].rle), 1);
    ck_assert_float_eq(list.items[0].predicted_iou, 2);
    mask_list_free(&list);
    mask_list_free(&truth);
}

START_TEST(pieces_change_over_where_they_agree)
{
    check_bar(false);
    check_bar(true);
}
END_TEST

START_TEST(what_disagrees_in_the_overlap_stays_apart)
{
    for (int joined = 0; joined < 2; joined++) {
        struct mask_list list = {0};
        struct error error;
        add_box(&list, left_tile, (struct box){2, 2, 31, 9}, false, 1);
        add_box(&list, right_tile, (struct box){28, 6, 50, 15}, false, 2);
        /* in the overlap 64 and 80 pixels, 16 of both */
        ck_assert_int_eq(merge_tiles(&list, joined ? 0.12 : 0.13, &error), 0);
        ck_assert_uint_eq(list.count, joined ? 1 : 2);
        mask_list_free(&list);
    }
}
END_TEST

START_TEST(what_a_tile_has_cut_is_dropped)
{
    struct mask_list list = {0};
    struct error error;
    add_box(&list, left_tile, (struct box){30, 2, 35, 9}, false, 3);  /* the other sees nothing */
    add_box(&list, left_tile, (struct box){10, 0, 20, 19}, false, 2); /* at the image's border */
    add_box(&list, right_tile, (struct box){45, 12, 50, 15}, false, 1);
    add_box(&list, right_tile, (struct box){24, 12, 50, 15}, false, 1);
    ck_assert_int_eq(merge_tiles(&list, 0.5, &error), 0);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_int_eq(list.items[0].box.x0, 10);
    ck_assert_int_eq(list.items[1].box.x0, 45);
    mask_list_free(&list);
}
END_TEST

/* Adds a piece ten rows high, `rows` of which reach the last column of the left tile or the first
 * of the right one. */
static void add_touching(struct mask_list *list, struct rect tile, bool at_right, int rows,
                         bool exchanged)
{
    int x = at_right ? 30 : 25;
    add_box(list, tile, (struct box){x, 2, x + 4, 11}, exchanged, 1);
    add_column(list, at_right ? 35 : 24, 2, 2 + rows - 1, exchanged);
}

/* At each of the four borders, whether the other tile looked beyond or not. */
START_TEST(a_quarter_of_the_side_makes_a_cut)
{
    for (int i = 0; i < 16; i++) {
        struct mask_list list = {0};
        struct error error;
        bool at_right = i & 1, exchanged = i & 2, seen = i & 4;
        int rows = i & 8 ? 3 : 2; /* of ten */
        if (at_right || seen)
            add_touching(&list, left_tile, at_right, rows, exchanged);
        if (!at_right || seen)
            add_touching(&list, right_tile, at_right, rows, exchanged);
        ck_assert_int_eq(merge_tiles(&list, 0.5, &error), 0);
        ck_assert_uint_eq(list.count, rows == 2 || seen ? 1 : 0);
        mask_list_free(&list);
    }
}
END_TEST

/* In the overlap a part and the whole look the same. */
START_TEST(a_part_and_the_whole_are_both_completed)
{
    struct mask_list list = {0};
    struct error error;
    add_box(&list, left_tile, (struct box){2, 4, 35, 15}, false, 2);
    add_box(&list, left_tile, (struct box){12, 4, 35, 15}, false, 1);
    add_box(&list, right_tile, (struct box){24, 4, 57, 15}, false, 3);
    ck_assert_int_eq(merge_tiles(&list, 0.5, &error), 0);
    ck_assert_uint_eq(list.count, 2);
    ck_assert_uint_eq(list.items[0].area, (57 - 12 + 1) * 12);
    ck_assert_float_eq(list.items[0].predicted_iou, 1);
    ck_assert_uint_eq(list.items[1].area, (57 - 2 + 1) * 12);
    ck_assert_float_eq(list.items[1].predicted_iou, 3);
    mask_list_free(&list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("merge");
    TCase *tests = tcase_create("merge");
    tcase_add_test(tests, each_pixel_goes_to_the_winner);
    tcase_add_test(tests, objects_over_tile_borders_come_back_whole);
    tcase_add_test(tests, pieces_change_over_where_they_agree);
    tcase_add_test(tests, what_disagrees_in_the_overlap_stays_apart);
    tcase_add_test(tests, what_a_tile_has_cut_is_dropped);
    tcase_add_test(tests, a_quarter_of_the_side_makes_a_cut);
    tcase_add_test(tests, a_part_and_the_whole_are_both_completed);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
