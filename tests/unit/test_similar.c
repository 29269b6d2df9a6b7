/* Twins of images, and the part of an image that a sheet shows. */
#include "unit.h"

#include "base/error.h"
#include "program/similar/image_twins.h"
#include "program/similar/similar_tile.h"

static int count_image(void *context, const struct image_pair *pair, struct error *error)
{
    static const struct image_pair wanted[] = {{3, 2, 1}, {7, 1, 3}, {9, 2, 2}};
    size_t *at = context;
    (void)error;
    ck_assert_uint_lt(*at, 3);
    ck_assert_uint_eq(pair->other, wanted[*at].other);
    ck_assert_uint_eq(pair->masks, wanted[*at].masks);
    ck_assert_uint_eq(pair->other_masks, wanted[*at].other_masks);
    ++*at;
    return 0;
}

/* A mask with several twins counts once. */
START_TEST(masks_with_twins_are_counted_once)
{
    static const struct image_twin twins[] = {{3, 0, 40}, {3, 1, 40}, {9, 1, 90}, {9, 2, 91},
                                              {9, 2, 90}, {7, 5, 70}, {7, 5, 71}, {7, 5, 72}};
    struct error error = {0};
    struct image_twins list = {0};
    for (int round = 0; round < 2; round++) {
        size_t at = 0;
        for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
            ck_assert_int_eq(image_twins_add(&list, &twins[i], &error), 0);
        ck_assert_int_eq(image_twins_take(&list, count_image, &at, &error), 0);
        ck_assert_uint_eq(at, 3);
    }
    free(list.items);
}
END_TEST

START_TEST(parts_hold_their_mask_and_lie_within_the_image)
{
    static const struct box boxes[] = {{0, 0, 0, 0},        {10, 20, 109, 39}, {299, 199, 299, 199},
                                       {0, 0, 299, 199},    {0, 50, 299, 60},  {290, 0, 299, 199},
                                       {100, 100, 140, 150}};
    const struct size image = {300, 200};
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        const struct rect part = similar_tile_part(boxes[i], image);
        ck_assert_int_ge(part.x, 0);
        ck_assert_int_ge(part.y, 0);
        ck_assert_int_le(part.x + part.width, image.width);
        ck_assert_int_le(part.y + part.height, image.height);
        ck_assert(part.x <= boxes[i].x0 && part.y <= boxes[i].y0);
        ck_assert(part.x + part.width > boxes[i].x1 && part.y + part.height > boxes[i].y1);
        ck_assert(part.width == part.height || part.height == image.height);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("similar");
    TCase *tests = tcase_create("similar");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, masks_with_twins_are_counted_once);
    tcase_add_test(tests, parts_hold_their_mask_and_lie_within_the_image);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
