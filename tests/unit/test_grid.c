/* Grids and crops against the reference's, and the filter of boxes at a crop's edge. */
#include "unit.h"

#include "base/error.h"
#include "filters/crop.h"
#include "filters/grid.h"
#include "mask_tables.h"

START_TEST(points_are_the_references)
{
    struct error error;
    for (size_t i = 0; i < sizeof grid_cases / sizeof *grid_cases; i++) {
        const struct grid_case *c = &grid_cases[i];
        double *points = grid_points(c->side, &error);
        ck_assert_double_eq(points[2 * c->index], c->x);
        ck_assert_double_eq(points[2 * c->index + 1], c->y);
        free(points);
    }
}
END_TEST

START_TEST(sides_shrink_from_layer_to_layer)
{
    ck_assert_int_eq(grid_side(32, 1, 2), 32);
    ck_assert_int_eq(grid_side(32, 2, 1), 16);
    ck_assert_int_eq(grid_side(32, 2, 2), 8);
    ck_assert_int_eq(grid_side(10, 3, 1), 3);
    ck_assert_int_eq(grid_side(10, 3, 2), 1);
    ck_assert_int_eq(grid_side(10, 3, 3), 0);
}
END_TEST

static uint32_t add_to_check(uint32_t check, int32_t value)
{
    return check * 31 + (uint32_t)value;
}

START_TEST(crops_are_the_references)
{
    struct error error;
    for (size_t i = 0; i < sizeof crop_cases / sizeof *crop_cases; i++) {
        const struct crop_case *c = &crop_cases[i];
        struct crop *crops;
        size_t count;
        ck_assert_int_eq(crop_list(&crops, &count, (struct size){c->width, c->height}, c->layers,
                                   c->ratio, &error),
                         0);
        ck_assert_uint_eq(count, c->count);
        uint32_t check = 0;
        for (size_t j = 0; j < count; j++) {
            check = add_to_check(check, crops[j].rect.x);
            check = add_to_check(check, crops[j].rect.y);
            check = add_to_check(check, crops[j].rect.width);
            check = add_to_check(check, crops[j].rect.height);
            check = add_to_check(check, crops[j].layer);
        }
        ck_assert_uint_eq(check, c->check);
        ck_assert_mem_eq(&crops[count - 1].rect, &c->last, sizeof c->last);
        free(crops);
    }
}
END_TEST

START_TEST(tiny_images_have_no_empty_crops)
{
    struct error error;
    struct crop *crops;
    size_t count;
    ck_assert_int_eq(crop_list(&crops, &count, (struct size){1, 3}, 3, 512.0 / 1500, &error), 0);
    for (size_t i = 0; i < count; i++) {
        struct rect r = crops[i].rect;
        ck_assert(r.x >= 0 && r.width > 0 && r.x + r.width <= 1);
        ck_assert(r.y >= 0 && r.height > 0 && r.y + r.height <= 3);
    }
    free(crops);
}
END_TEST

START_TEST(crop_options_out_of_range_are_refused)
{
    struct error error;
    struct crop *crops;
    size_t count;
    ck_assert_int_eq(crop_list(&crops, &count, (struct size){9, 9}, -1, 0.3, &error), -1);
    ck_assert_int_eq(
        crop_list(&crops, &count, (struct size){9, 9}, CROP_LAYERS_MAX + 1, 0.3, &error), -1);
    ck_assert_int_eq(crop_list(&crops, &count, (struct size){9, 9}, 1, -0.1, &error), -1);
    ck_assert_int_eq(crop_list(&crops, &count, (struct size){9, 9}, 1, 1.1, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_ptr_null(crops);
}
END_TEST

START_TEST(boxes_at_inner_edges_are_cut)
{
    struct rect inner = {100, 50, 200, 100};
    struct box middle = {40, 30, 150, 70};
    ck_assert(!crop_cuts_box(inner, middle, (struct size){1000, 1000}));
    struct box left = {20, 30, 150, 70}, nearly = {21, 30, 150, 70};
    ck_assert(crop_cuts_box(inner, left, (struct size){1000, 1000}));
    ck_assert(!crop_cuts_box(inner, nearly, (struct size){1000, 1000}));
    struct box right = {40, 30, 180, 70}, not_right = {40, 30, 179, 70};
    ck_assert(crop_cuts_box(inner, right, (struct size){1000, 1000}));
    ck_assert(!crop_cuts_box(inner, not_right, (struct size){1000, 1000}));
    struct box bottom = {40, 30, 150, 99};
    ck_assert(crop_cuts_box(inner, bottom, (struct size){1000, 1000}));
    ck_assert(!crop_cuts_box(inner, bottom, (struct size){1000, 150}));
    struct rect whole = {0, 0, 1000, 1000};
    struct box all = {0, 0, 999, 999};
    ck_assert(!crop_cuts_box(whole, all, (struct size){1000, 1000}));
    struct rect close = {15, 0, 200, 100};
    struct box at_zero = {0, 30, 150, 70}, beyond = {10, 30, 150, 70};
    ck_assert(!crop_cuts_box(close, at_zero, (struct size){1000, 1000}));
    ck_assert(crop_cuts_box(close, beyond, (struct size){1000, 1000}));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("grid");
    TCase *tests = tcase_create("grid");
    tcase_add_test(tests, points_are_the_references);
    tcase_add_test(tests, sides_shrink_from_layer_to_layer);
    tcase_add_test(tests, crops_are_the_references);
    tcase_add_test(tests, tiny_images_have_no_empty_crops);
    tcase_add_test(tests, crop_options_out_of_range_are_refused);
    tcase_add_test(tests, boxes_at_inner_edges_are_cut);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
