/* Filters on the masks of a finished image: what `generate` keeps with some options is what they keep of
 * all that it finds. */
#include "unit.h"

#include "found_masks.h"
#include "pipeline/refilter.h"

/* All filters off. */
static struct generator_options broad(void)
{
    struct generator_options options;
    generator_options_default(&options);
    options.pred_iou_thresh = options.stability_score_thresh = 0;
    options.box_nms_thresh = options.crop_nms_thresh = 1;
    return options;
}

/* Some of the filters, at some value. */
static struct generator_options some(struct random *random)
{
    struct generator_options options = broad();
    struct postprocess_options *post = &options.postprocess;
    if (random_below(random, 2))
        options.pred_iou_thresh = random_below(random, 8) / 11.0;
    if (random_below(random, 2))
        options.stability_score_thresh = random_below(random, 8) / 11.0;
    if (random_below(random, 2))
        options.box_nms_thresh = 0.1 + random_below(random, 9) / 10.0;
    if (random_below(random, 2))
        options.crop_nms_thresh = 0.1 + random_below(random, 9) / 10.0;
    if (random_below(random, 3) == 0)
        post->min_mask_region_area = (int)random_below(random, 12);
    if (random_below(random, 2))
        post->region_cleanup = REGION_CLEANUP_SA1B;
    if (random_below(random, 3) == 0)
        post->min_area = (int)random_below(random, 60);
    if (random_below(random, 3) == 0)
        post->max_area = 80 + (int)random_below(random, 200);
    if (random_below(random, 3) == 0)
        post->max_area_fraction = 0.02 + random_below(random, 8) / 100.0;
    if (random_below(random, 3) == 0)
        post->mask_nms_thresh = random_below(random, 10) / 10.0;
    if (random_below(random, 3) == 0)
        post->containment_thresh = random_below(random, 10) / 10.0;
    if (random_below(random, 3) == 0)
        post->max_masks = 1 + (int)random_below(random, 30);
    if (random_below(random, 3) == 0)
        post->non_overlapping = 1 + random_below(random, 2);
    return options;
}

START_TEST(a_broad_record_has_all)
{
    struct random random = {17};
    size_t masks = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        size_t crop_count = seed % 2 ? CROPS : 1;
        const struct generator_options all = broad(), options = some(&random);
        const struct refilter how = {&options, true, false, crop_count > 1};
        struct mask_list found = generate_image(seed, crop_count, &all);
        struct mask_list expected = generate_image(seed, crop_count, &options);
        struct error error;
        ck_assert_int_eq(refilter(&found, &how, (struct size){SIDE, SIDE}, &error), 0);
        expect_same(&found, &expected);
        masks += found.count;
        mask_list_free(&found);
        mask_list_free(&expected);
    }
    ck_assert_uint_gt(masks, 2000); /* there was something to compare */
}
END_TEST

/* Without an NMS the masks keep the order of the record. */
START_TEST(what_is_not_applied_changes_nothing)
{
    const struct generator_options all = broad();
    const struct refilter how = {&all, false, false, false};
    struct mask_list found = {0}, expected = {0};
    struct random random = {5}, again = {5};
    struct error error;
    for (int i = 0; i < MASKS; i++) {
        add_random(&found, &random, crops[i % CROPS], i);
        add_random(&expected, &again, crops[i % CROPS], i);
    }
    ck_assert_int_eq(refilter(&found, &how, (struct size){SIDE, SIDE}, &error), 0);
    expect_same(&found, &expected);
    mask_list_free(&found);
    mask_list_free(&expected);
}
END_TEST

/* Equal boxes: each crop keeps its own, an image in tiles keeps one. */
START_TEST(tiles_are_no_crops)
{
    struct generator_options options = broad();
    options.box_nms_thresh = 0.7;
    for (int tiles = 0; tiles < 2; tiles++) {
        const struct refilter how = {&options, true, tiles, false};
        struct mask_list list = {0};
        struct error error;
        for (int i = 0; i < 3; i++) {
            struct random random = {1};
            add_random(&list, &random, crops[0], i);
            list.items[i].crop = crops[i == 2 ? 1 : 0];
        }
        ck_assert_int_eq(refilter(&list, &how, (struct size){SIDE, SIDE}, &error), 0);
        ck_assert_uint_eq(list.count, tiles ? 1 : 2);
        ck_assert_int_eq((int)list.items[0].point[0], 0);
        mask_list_free(&list);
    }
}
END_TEST

START_TEST(thresholds_are_floats)
{
    float score = 0.88f; /* below the double 0.88 */
    ck_assert(!mask_iou_passes(score, 0.88));
    ck_assert(mask_stability_passes(score, 0.88));
    ck_assert(mask_iou_passes(-1, 0));
    ck_assert(!mask_iou_passes(-1, 0.1));
    ck_assert(mask_stability_passes(0, 0));
}
END_TEST

START_TEST(nothing_in_nothing_out)
{
    const struct generator_options options = broad();
    const struct refilter how = {&options, true, false, true};
    struct mask_list list = {0};
    struct error error;
    ck_assert_int_eq(refilter(&list, &how, (struct size){SIDE, SIDE}, &error), 0);
    ck_assert_uint_eq(list.count, 0);
    mask_list_free(&list);
}
END_TEST

/* As many crops as masks, which takes no time by the square of their number. The order stays. */
START_TEST(a_record_may_have_any_number_of_crops)
{
    enum { COUNT = 100000 };
    const struct generator_options options = broad();
    const struct refilter how = {&options, true, false, false};
    struct mask_list list = {0};
    struct error error;
    for (int i = 0; i < COUNT; i++) {
        const uint32_t range[2] = {0, 1};
        struct mask mask = {.area = 1, .box = {0, 0, 0, 0}, .predicted_iou = 0.5F};
        mask.crop = (struct rect){COUNT - i, 0, 1, 1};
        mask.point[0] = i;
        ck_assert_int_eq(rle_from_ranges(&mask.rle, 1, 2, range, 1, &error), 0);
        ck_assert_int_eq(mask_list_add(&list, &mask, &error), 0);
    }
    ck_assert_int_eq(refilter(&list, &how, (struct size){2, 1}, &error), 0);
    ck_assert_uint_eq(list.count, COUNT);
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq((int)list.items[i].point[0], i);
    mask_list_free(&list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("refilter");
    TCase *tests = tcase_create("refilter");
    tcase_add_test(tests, a_broad_record_has_all);
    tcase_add_test(tests, what_is_not_applied_changes_nothing);
    tcase_add_test(tests, tiles_are_no_crops);
    tcase_add_test(tests, thresholds_are_floats);
    tcase_add_test(tests, nothing_in_nothing_out);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    TCase *many = tcase_create("many");
    tcase_add_test(many, a_record_may_have_any_number_of_crops);
    tcase_set_timeout(many, 15);
    suite_add_tcase(suite, many);
    return unit_run(suite);
}
