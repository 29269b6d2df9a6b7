/* Suppression: boxes against torchvision's answers, masks against their definition on bitmaps. */
#include "unit.h"

#include "base/error.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "mask_tables.h"
#include "random.h"

enum { MOST = 64, SIDE = 24 };

START_TEST(boxes_are_torchvisions)
{
    for (size_t i = 0; i < sizeof nms_cases / sizeof *nms_cases; i++) {
        const struct nms_case *c = &nms_cases[i];
        struct random random = {c->seed};
        struct box boxes[MOST];
        float scores[MOST];
        for (uint32_t j = 0; j < c->count; j++) {
            struct box *box = &boxes[j];
            box->x0 = (int32_t)random_below(&random, 40);
            box->y0 = (int32_t)random_below(&random, 40);
            box->x1 = box->x0 + (int32_t)random_below(&random, 40);
            box->y1 = box->y0 + (int32_t)random_below(&random, 40);
            scores[j] = (float)random_below(&random, c->scores) / 64;
        }
        size_t keep[MOST], kept;
        struct error error;
        const struct nms_input input = {boxes, scores, c->count};
        ck_assert_int_eq(nms_boxes(&input, c->threshold, keep, &kept, &error), 0);
        ck_assert_uint_eq(kept, c->kept);
        ck_assert_mem_eq(keep, c->keep, kept * sizeof *keep);
    }
}
END_TEST

START_TEST(nothing_in_nothing_out)
{
    struct mask_list list = {0};
    struct error error;
    ck_assert_int_eq(nms_within_crop(&list, 0.7, &error), 0);
    ck_assert_int_eq(nms_across_crops(&list, 0.7, &error), 0);
    ck_assert_int_eq(nms_masks(&list, 0.7, &error), 0);
    ck_assert_int_eq(nms_contained(&list, 0.7, &error), 0);
    ck_assert_uint_eq(list.count, 0);
    mask_list_free(&list);
}
END_TEST

/* A list of rectangles; point[0] numbers them. */
static void add_rectangle(struct mask_list *list, int x, int y, int width, int height, float score)
{
    uint8_t bits[SIDE * SIDE] = {0};
    for (int j = y; j < y + height; j++)
        for (int i = x; i < x + width; i++)
            bits[j * SIDE + i] = 1;
    struct mask mask = {.predicted_iou = score, .point = {(double)list->count, 0}};
    struct error error;
    ck_assert_int_eq(rle_from_bitmap(&mask.rle, bits, SIDE, SIDE, SIDE, &error), 0);
    mask.box = rle_box(&mask.rle);
    mask.area = rle_area(&mask.rle);
    ck_assert_int_eq(mask_list_add(list, &mask, &error), 0);
    ck_assert_ptr_null(mask.rle.counts);
}

static void expect_order(const struct mask_list *list, size_t count, const int *numbers)
{
    ck_assert_uint_eq(list->count, count);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq((int)list->items[i].point[0], numbers[i]);
}

START_TEST(the_better_mask_stays)
{
    struct mask_list list = {0};
    struct error error;
    add_rectangle(&list, 0, 0, 10, 10, 0.8f);
    add_rectangle(&list, 12, 12, 8, 8, 0.9f);
    add_rectangle(&list, 0, 0, 10, 9, 0.95f);
    ck_assert_int_eq(nms_within_crop(&list, 0.7, &error), 0);
    expect_order(&list, 2, (int[]){2, 1});
    mask_list_free(&list);
}
END_TEST

START_TEST(the_smaller_crop_wins)
{
    struct mask_list list = {0};
    struct error error;
    add_rectangle(&list, 0, 0, 10, 10, 0.99f);
    add_rectangle(&list, 12, 12, 8, 8, 0.9f);
    add_rectangle(&list, 0, 0, 10, 9, 0.8f);
    list.items[0].crop = (struct rect){0, 0, 24, 24};
    list.items[1].crop = (struct rect){0, 0, 24, 24};
    list.items[2].crop = (struct rect){0, 0, 12, 12};
    ck_assert_int_eq(nms_across_crops(&list, 0.7, &error), 0);
    expect_order(&list, 2, (int[]){2, 1});
    mask_list_free(&list);
}
END_TEST

START_TEST(masks_are_compared_by_their_pixels)
{
    struct mask_list list = {0};
    struct error error;
    add_rectangle(&list, 0, 0, 10, 10, 0.9f);
    add_rectangle(&list, 0, 0, 10, 8, 0.8f);   /* IoU 0.8 */
    add_rectangle(&list, 5, 0, 10, 10, 0.7f);  /* IoU 1/3 */
    add_rectangle(&list, 14, 0, 10, 10, 0.6f); /* one column with the third */
    ck_assert_int_eq(nms_masks(&list, 0.8, &error), 0);
    expect_order(&list, 4, (int[]){0, 1, 2, 3});
    ck_assert_int_eq(nms_masks(&list, 0.79, &error), 0);
    expect_order(&list, 3, (int[]){0, 2, 3});
    ck_assert_int_eq(nms_masks(&list, 0.1, &error), 0);
    expect_order(&list, 2, (int[]){0, 3});
    mask_list_free(&list);
}
END_TEST

START_TEST(contained_masks_are_dropped)
{
    struct mask_list list = {0};
    struct error error;
    add_rectangle(&list, 0, 0, 20, 20, 0.8f);
    add_rectangle(&list, 2, 2, 5, 5, 0.7f);   /* inside the better one */
    add_rectangle(&list, 15, 15, 6, 6, 0.9f); /* 25 of 36 pixels within the large one */
    add_rectangle(&list, 21, 0, 3, 3, 0.5f);  /* apart */
    ck_assert_int_eq(nms_contained(&list, 0.7, &error), 0);
    expect_order(&list, 3, (int[]){2, 0, 3});
    ck_assert_int_eq(nms_contained(&list, 0.6, &error), 0);
    expect_order(&list, 2, (int[]){2, 3});
    mask_list_free(&list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nms");
    TCase *tests = tcase_create("nms");
    tcase_add_test(tests, boxes_are_torchvisions);
    tcase_add_test(tests, nothing_in_nothing_out);
    tcase_add_test(tests, the_better_mask_stays);
    tcase_add_test(tests, the_smaller_crop_wins);
    tcase_add_test(tests, masks_are_compared_by_their_pixels);
    tcase_add_test(tests, contained_masks_are_dropped);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
