/* eval: recall counted by hand, records of any tool, clicks against the generator's masks. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "filters/mask.h"
#include "images/image.h"
#include "include/maskmill.h"
#include "model/builtin.h"
#include "model/sam.h"
#include "pipeline/generate.h"
#include "pipeline/predictor.h"
#include "program/eval/eval.h"
#include "program/eval/eval_report.h"
#include "program/eval/recall.h"
#include "program/eval/segments.h"
#include "program/settings.h"
#include "rle/rle.h"

enum { AT_10, AT_100, AT_1000 };

static struct error error;

START_TEST(recall_by_hand)
{
    const uint64_t areas[3] = {32 * 32 - 1, 32 * 32, 96 * 96};
    const double iou[4][3] = {
        {0.60, 0.00, 0.00}, /* finds the small one up to 0.6 */
        {0.90, 0.55, 0.00}, /* the small one where the first did not, else the medium one */
        {0.00, 0.00, 0.49}, /* nothing */
        {0.00, 0.00, 0.50}, /* the large one, at 0.5 only */
    };
    struct recall recall = {0};
    ck_assert_int_eq(recall_add(&recall, areas, 3, iou[0], 4, &error), 0);
    /* small: 0.5 to 0.9 are nine of ten; medium: 0.5 and 0.55; large: 0.5 */
    ck_assert_double_eq_tol(recall_average(&recall, SIZE_SMALL, AT_10, 10), 0.9, 1e-12);
    ck_assert_double_eq_tol(recall_average(&recall, SIZE_MEDIUM, AT_10, 10), 0.2, 1e-12);
    ck_assert_double_eq_tol(recall_average(&recall, SIZE_LARGE, AT_10, 10), 0.1, 1e-12);
    ck_assert_double_eq_tol(recall_average(&recall, SIZES, AT_1000, 10), 12 / 30.0, 1e-12);
    ck_assert_double_eq_tol(recall_average(&recall, SIZES, AT_100, 1), 1.0, 1e-12);
}
END_TEST

START_TEST(recall_counts_the_first_masks_only)
{
    const uint64_t area = 5000;
    double iou[101] = {0};
    struct recall recall = {0};
    iou[10] = 1;
    ck_assert_int_eq(recall_add(&recall, &area, 1, iou, 101, &error), 0);
    iou[10] = 0;
    iou[100] = 1;
    ck_assert_int_eq(recall_add(&recall, &area, 1, iou, 101, &error), 0);
    ck_assert_double_eq(recall_average(&recall, SIZES, AT_10, 10), 0);
    ck_assert_double_eq(recall_average(&recall, SIZES, AT_100, 10), 0.5);
    ck_assert_double_eq(recall_average(&recall, SIZES, AT_1000, 10), 1);
}
END_TEST

START_TEST(a_mask_finds_one_segment_only)
{
    const uint64_t areas[2] = {100, 100};
    const double iou[1][2] = {{0.5, 0.5}};
    struct recall recall = {0};
    ck_assert_int_eq(recall_add(&recall, areas, 2, iou[0], 1, &error), 0);
    ck_assert_double_eq(recall_average(&recall, SIZES, AT_10, 1), 0.5);
    ck_assert(isnan(recall_average(&recall, SIZE_LARGE, AT_10, 1)));
}
END_TEST

static int parse(struct segments *segments, const char *text)
{
    return segments_parse(segments, text, strlen(text), &error);
}

#define IMAGE "{\"image\": {\"width\": 4, \"height\": 2}, \"annotations\": ["
/* The left column, and the right half. */
#define LEFT "{\"segmentation\": {\"size\": [2, 4], \"counts\": [0, 2, 6]}, \"annotator\": 3}"
#define RIGHT                                                                                      \
    "{\"segmentation\": {\"size\": [2, 4], \"counts\": \"44\"}, \"annotator\": 1, "                \
    "\"predicted_iou\": 0.5}"

START_TEST(records_of_any_tool)
{
    struct segments segments = {0};
    ck_assert_int_eq(parse(&segments, IMAGE LEFT ", " RIGHT "]}"), 0);
    ck_assert_uint_eq(segments.count, 2);
    ck_assert_uint_eq(segments.items[0].area, 2);
    ck_assert_uint_eq(segments.items[1].area, 4);
    ck_assert_int_eq(segments.items[1].box.x0, 2);
    ck_assert_double_eq(segments.items[1].predicted_iou, 0.5);
    ck_assert_int_eq(segments_choose(&segments, 7, &error), -1);
    ck_assert_uint_eq(segments.count, 2);
    ck_assert_int_eq(segments_choose(&segments, SEGMENTS_FIRST_ANNOTATOR, &error), 0);
    ck_assert_uint_eq(segments.count, 1);
    ck_assert_uint_eq(segments.items[0].area, 4);
    segments_free(&segments);
    ck_assert_int_eq(parse(&segments, IMAGE "]}"), 0);
    ck_assert_int_eq(segments_choose(&segments, 2, &error), 0);
    segments_free(&segments);
    ck_assert_int_eq(parse(&segments, "[]"), 0);
    ck_assert_uint_eq(segments.width, 0);
    segments_free(&segments);
    ck_assert_int_eq(parse(&segments, "[" RIGHT "]"), 0);
    ck_assert_uint_eq(segments.width, 4);
    segments_free(&segments);
    /* A polygon along the left column, and one that is filled to nothing. */
    ck_assert_int_eq(parse(&segments, IMAGE "{\"segmentation\": [[0, 0, 1, 0, 1, 2, 0, 2]]}, "
                                            "{\"segmentation\": [[3, 1, 3.1, 1, 3.1, 1.1]]}]}"),
                     0);
    ck_assert_int_eq(segments_choose(&segments, 0, &error), 0);
    ck_assert_uint_eq(segments.count, 1);
    ck_assert_uint_eq(segments.empty, 1);
    ck_assert_uint_eq(segments.items[0].area, 2);
    segments_free(&segments);
}
END_TEST

START_TEST(bad_records_are_refused)
{
    static const char *const bad[] = {
        "",
        "[7]",
        "{\"image\": {\"width\": 4, \"height\": 2}}",
        "{\"image\": {\"width\": 1000000, \"height\": 1000000}, \"annotations\": []}",
        IMAGE "3]}",
        IMAGE "{\"segmentation\": {\"size\": [4, 2], \"counts\": \"44\"}}]}",
        IMAGE "{\"segmentation\": {\"size\": [2, 4], \"counts\": \"4\"}}]}",
        IMAGE "{\"segmentation\": {\"size\": [2, 4], \"counts\": [2, 2]}}]}",
        IMAGE "{\"segmentation\": {\"size\": [2, 4], \"counts\": [2, 7]}}]}",
        IMAGE "{\"segmentation\": {\"size\": [2, 4], \"counts\": [2, -1, 7]}}]}",
        IMAGE "{\"segmentation\": {\"size\": [2, 4], \"counts\": [2, 1.5, 4.5]}}]}",
        IMAGE "{\"segmentation\": [[0, 0, 4, 0, 4]]}]}",
        IMAGE "{\"segmentation\": [[0, 0, 4, 0, 4, 1e9]]}]}",
        "[{\"segmentation\": [[0, 0, 4, 0, 4, 2]]}]",
        IMAGE "{\"segmentation\": {\"size\": [2, 4]}}]}",
        IMAGE "{\"segmentation\": {\"size\": [2, 4], \"counts\": \"44\"}, \"annotator\": -1}]}",
        IMAGE "{\"segmentation\": {\"size\": [2, 4], \"counts\": \"44\"}, "
              "\"predicted_iou\": \"high\"}]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct segments segments = {0};
        ck_assert_msg(parse(&segments, bad[i]) == -1, "taken: %s", bad[i]);
        ck_assert_int_eq(error.code, ERROR_RECORD);
        ck_assert_uint_eq(segments.count, 0);
    }
}
END_TEST

START_TEST(masks_are_ranked_by_predicted_iou)
{
    struct segments truth = {0};
    struct eval_scores scores = {0};
    struct rle nothing = {0};
    struct eval_mask masks[11];
    ck_assert_int_eq(parse(&truth, IMAGE LEFT "]}"), 0);
    rle_begin(&nothing, 2, 4);
    ck_assert_int_eq(rle_end(&nothing, &error), 0);
    for (int i = 0; i < 10; i++)
        masks[i] = (struct eval_mask){nothing, 0.5};
    masks[10] = (struct eval_mask){truth.items[0].rle, 0.4};
    ck_assert_int_eq(eval_masks(&scores, &truth, masks, 11, &error), 0);
    ck_assert_double_eq(recall_average(&scores.recall, SIZES, AT_10, 10), 0);
    ck_assert_double_eq(recall_average(&scores.recall, SIZES, AT_100, 10), 1);
    masks[10].predicted_iou = 0.6;
    ck_assert_int_eq(eval_masks(&scores, &truth, masks, 11, &error), 0);
    ck_assert_double_eq(recall_average(&scores.recall, SIZES, AT_10, 10), 0.5);
    ck_assert_uint_eq(scores.masks, 22);
    rle_free(&nothing);
    segments_free(&truth);
}
END_TEST

/* A bright square on a dark ground. */
static void draw_square(struct image *image)
{
    ck_assert_int_eq(image_reserve(image, 90, 60, &error), 0);
    for (int y = 0; y < 60; y++)
        for (int x = 0; x < 90; x++)
            memset(image->rgb + 3 * (y * 90 + x), x >= 30 && x < 60 && y >= 15 && y < 45 ? 230 : 20,
                   3);
}

/* The generator with one grid point, nothing filtered: the same three masks. */
static void check_against_generator(const struct sam *sam, const struct image *image, int x, int y,
                                    const struct mask_list *masks)
{
    struct settings settings;
    struct mask_list list = {0};
    double point[2] = {x / 90.0, y / 60.0};
    ck_assert_int_eq(settings_init(&settings, FOR_RUN, &error), 0);
    settings.generator.pred_iou_thresh = 0;
    settings.generator.stability_score_thresh = 0;
    settings.generator.box_nms_thresh = 1;
    settings.generator.own_points = point;
    settings.generator.own_point_count = 1;
    struct generator *generator = generator_new(sam, &settings.generator, 1, &error);
    ck_assert_ptr_nonnull(generator);
    ck_assert_int_eq(generate(generator, image, &list, &error), 0);
    ck_assert_uint_ge(list.count, 1);
    for (size_t i = 0; i < list.count; i++) {
        int found = 0;
        for (int m = 0; m < PREDICTOR_MASKS; m++)
            found += list.items[i].predicted_iou == masks->items[m].predicted_iou &&
                     rle_iou(&list.items[i].rle, &masks->items[m].rle) == 1;
        ck_assert_int_eq(found, 1);
    }
    settings.generator.own_points = NULL;
    mask_list_free(&list);
    generator_free(generator);
    settings_free(&settings);
}

START_TEST(a_click_gives_the_generators_masks)
{
    const struct sam_options options = {0};
    struct mask_list masks = {0};
    struct image image = {0};
    struct sam *sam;
    ck_assert_int_eq(
        sam_load_memory(&sam, builtin_model, builtin_model_size, "built-in", &options, &error), 0);
    struct embedder *embedder = embedder_new(sam, 1, &error);
    ck_assert_ptr_nonnull(embedder);
    struct predictor *predictor = predictor_new(sam, &(struct predictor_options){0}, &error);
    ck_assert_ptr_nonnull(predictor);
    draw_square(&image);
    ck_assert_int_eq(embedder_encode_image(embedder, &image, &error), 0);
    const double point[2] = {44, 29};
    const struct predictor_prompt click = {.points = point, .point_count = 1};
    ck_assert_int_eq(predictor_predict(predictor, embedder->embedding, &click, &masks, &error), 0);
    ck_assert_uint_eq(masks.count, PREDICTOR_MASKS);
    check_against_generator(sam, &image, 44, 29, &masks);

    /* A segment of one pixel, whose centre is that click. */
    struct segments truth = {0};
    struct eval_scores scores = {0};
    ck_assert_int_eq(parse(&truth, "{\"image\": {\"width\": 90, \"height\": 60}, \"annotations\": "
                                   "[{\"segmentation\": {\"size\": [60, 90], \"counts\": "
                                   "[2669, 1, 2730]}}]}"),
                     0);
    struct mm_model *model = mm_model_open(NULL, NULL, NULL);
    struct mm_image *pixels = mm_image_new(image.rgb, 90, 60, 3 * 90, NULL);
    struct mm_segmenter *segmenter = mm_segmenter_new(model, NULL, 1, NULL);
    ck_assert_int_eq(mm_segmenter_set_image(segmenter, pixels, NULL), 0);
    ck_assert_int_eq(eval_clicks(&scores, segmenter, &truth, &error), 0);
    mm_segmenter_free(segmenter);
    mm_image_free(pixels);
    mm_model_free(model);
    double best = 0;
    for (int m = 0; m < PREDICTOR_MASKS; m++)
        best = fmax(best, rle_iou(&masks.items[m].rle, &truth.items[0].rle));
    ck_assert_uint_eq(scores.clicks[SIZE_SMALL].clicks, 1);
    ck_assert_double_eq(scores.clicks[SIZE_SMALL].best_of_3, best);
    ck_assert_double_eq(scores.correlation.count, PREDICTOR_MASKS);
    mask_list_free(&masks);
    segments_free(&truth);
    image_free(&image);
    predictor_free(predictor);
    embedder_free(embedder);
    sam_free(sam);
}
END_TEST

START_TEST(the_report_has_its_numbers)
{
    struct eval_scores scores = {.images = 2, .masks = 5};
    struct json_text text = {0};
    scores.clicks[SIZE_SMALL] = (struct eval_clicks){2, 1.5, 0.5};
    scores.clicks[SIZE_LARGE] = (struct eval_clicks){2, 1.0, 1.0};
    eval_json(&scores, true, &text);
    char *json = json_text_take(&text, NULL, &error);
    ck_assert_ptr_nonnull(json);
    ck_assert_ptr_nonnull(strstr(json, "\"single_click\": {\"segments\": 4, \"miou_best_of_3\": "
                                       "0.625, \"miou_best_scored\": 0.375, \"small\": "
                                       "{\"segments\": 2, \"miou_best_of_3\": 0.75, "));
    ck_assert_ptr_nonnull(strstr(json, "\"medium\": {\"segments\": 0, \"miou_best_of_3\": null, "));
    ck_assert_ptr_nonnull(strstr(json, "\"masks_per_image\": 2.5}"));
    free(json);
}
END_TEST

START_TEST(members_of_coco_are_read_and_other_annotators_kept)
{
    struct segments segments = {0};
    ck_assert_int_eq(
        parse(&segments,
              IMAGE "{\"segmentation\": {\"size\": [2, 4], \"counts\": [0, 2, 6]}, "
                    "\"annotator\": 3, \"category_id\": 18, \"iscrowd\": 1, \"area\": 1.5},"
                    "{\"segmentation\": {\"size\": [2, 4], \"counts\": [8]}, \"annotator\": 3},"
                    "{\"segmentation\": {\"size\": [2, 4], \"counts\": [4, 4]}, \"annotator\": 1, "
                    "\"category_id\": -4, \"iscrowd\": 0, \"area\": \"large\"}]}"),
        0);
    ck_assert_int_eq(segments_choose(&segments, 1, &error), 0);
    ck_assert_uint_eq(segments.count, 1);
    ck_assert_uint_eq(segments.others, 1); /* the one without a pixel is gone */
    ck_assert_int_eq(segments.items[0].category, 0);
    ck_assert_double_eq(segments.items[0].coco_area, 4);
    ck_assert(!segments.items[0].crowd);
    ck_assert_int_eq(segments.items[1].category, 18);
    ck_assert_double_eq(segments.items[1].coco_area, 1.5);
    ck_assert(segments.items[1].crowd);
    ck_assert_uint_eq(segments.empty, 0);
    segments_free(&segments);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eval");
    TCase *tests = tcase_create("eval");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, recall_by_hand);
    tcase_add_test(tests, recall_counts_the_first_masks_only);
    tcase_add_test(tests, a_mask_finds_one_segment_only);
    tcase_add_test(tests, records_of_any_tool);
    tcase_add_test(tests, bad_records_are_refused);
    tcase_add_test(tests, masks_are_ranked_by_predicted_iou);
    tcase_add_test(tests, a_click_gives_the_generators_masks);
    tcase_add_test(tests, the_report_has_its_numbers);
    tcase_add_test(tests, members_of_coco_are_read_and_other_annotators_kept);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
