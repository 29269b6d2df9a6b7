/* eval: records of any tool, outcomes of images and their sums by hand, a click against the generator's
 * masks. test_recall.c has the matching, test_clicks.c further clicks. */
#include "unit.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "images/image.h"
#include "include/maskmill.h"
#include "model/builtin.h"
#include "model/sam.h"
#include "pipeline/generate.h"
#include "pipeline/predictor.h"
#include "program/eval/clicks.h"
#include "program/eval/eval.h"
#include "program/eval/eval_report.h"
#include "program/eval/eval_sums.h"
#include "program/eval/segments.h"
#include "program/settings.h"
#include "rle/rle.h"

static struct error error;

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

/* A mask of 2 x 4 pixels, given by its run lengths; freed by rle_free. */
static struct rle runs(const uint32_t *counts, size_t length)
{
    const struct rle borrowed = {
        .height = 2, .width = 4, .length = length, .counts = (uint32_t *)counts};
    struct rle rle = {0};
    ck_assert_int_eq(rle_copy(&rle, &borrowed, &error), 0);
    return rle;
}

START_TEST(masks_are_ranked_and_compared)
{
    struct segments truth = {0};
    struct eval_image image = {0};
    /* Annotator 0: the left half, and a crowd over the rest. Annotator 1: the second column. */
    ck_assert_int_eq(
        parse(&truth,
              IMAGE "{\"segmentation\": {\"size\": [2, 4], \"counts\": [0, 4, 4]}}, "
                    "{\"segmentation\": {\"size\": [2, 4], \"counts\": [4, 4]}, \"iscrowd\": 1}, "
                    "{\"segmentation\": {\"size\": [2, 4], \"counts\": [2, 2, 4]}, \"annotator\": "
                    "1}]}"),
        0);
    ck_assert_int_eq(segments_choose(&truth, SEGMENTS_FIRST_ANNOTATOR, &error), 0);
    struct eval_candidate candidates[] = {
        {runs((uint32_t[]){2, 2, 4}, 3), 0.5}, /* the second column */
        {runs((uint32_t[]){6, 2}, 2), 0.5},    /* in the crowd */
        {runs((uint32_t[]){0, 6, 2}, 3), 0.7}, /* three columns */
    };
    ck_assert_int_eq(eval_begin(&image, &truth, &error), 0);
    ck_assert_int_eq(eval_masks(&image, &truth, candidates, 3, &error), 0);
    ck_assert_uint_eq(image.mask_count, 3);
    ck_assert_double_eq(image.masks[0].score, 0.7);
    ck_assert_double_eq(image.masks[0].area, 6);
    ck_assert_double_eq(image.masks[0].best, 4 / 6.0);
    ck_assert_double_eq(image.masks[0].crowded, 2 / 6.0);
    ck_assert_double_eq(image.masks[1].best, 1); /* of the other annotator */
    ck_assert_double_eq(image.masks[2].crowded, 1);
    ck_assert_double_eq(image.masks[2].best, 0);
    ck_assert_uint_eq(image.overlap_count, 3);
    ck_assert_uint_eq(image.overlaps[0].mask, 0);
    ck_assert_double_eq(image.overlaps[0].iou, 4 / 6.0);
    ck_assert_double_eq(image.overlaps[1].iou, 0.5); /* of the left half */
    ck_assert_uint_eq(image.overlaps[2].segment, 1);
    for (int i = 0; i < 3; i++)
        rle_free(&candidates[i].rle);
    eval_image_free(&image);
    segments_free(&truth);
}
END_TEST

/* An outcome with a bit of everything. */
static void make_outcome(struct eval_image *image)
{
    *image = (struct eval_image){.clicks = 3,
                                 .boxes = true,
                                 .empty_segments = 1,
                                 .segments = memory_new(3, sizeof *image->segments, "", &error),
                                 .masks = memory_new(3, sizeof *image->masks, "", &error),
                                 .overlaps = memory_new(2, sizeof *image->overlaps, "", &error),
                                 .segment_count = 3,
                                 .mask_count = 3,
                                 .overlap_count = 2};
    image->segments[0] = (struct eval_segment){.area = 1000,
                                               .choices = 3,
                                               .predicted = {0.5, 0.75, 0.25},
                                               .iou = {1 / 3.0, 0.25, 0.5},
                                               .later = {0.1, 0.2},
                                               .box = 0.625};
    image->segments[1] = (struct eval_segment){.area = 5000.5,
                                               .category = 3,
                                               .choices = 3,
                                               .predicted = {0.5, 0.5, 0.25},
                                               .iou = {0.75, 0, 0},
                                               .later = {0.5, 1},
                                               .box = 0.125};
    image->segments[2] = (struct eval_segment){.area = 300, .crowd = true};
    image->masks[0] = (struct eval_mask){0.9, 900, 0.8, 0};
    image->masks[1] = (struct eval_mask){0.7, 5000, 0.6, 0};
    image->masks[2] = (struct eval_mask){0.1, 100, 0.2, 0.6};
    image->overlaps[0] = (struct eval_overlap){0, 0, 0.8};
    image->overlaps[1] = (struct eval_overlap){1, 1, 0.6};
}

static double figure(struct eval_sums *sums, const char *name)
{
    struct eval_figure figures[EVAL_FIGURES];
    const size_t count = eval_figures(sums, figures);
    ck_assert_uint_le(count, EVAL_FIGURES);
    for (size_t i = 0; i < count; i++)
        if (strcmp(figures[i].name, name) == 0)
            return figures[i].value;
    ck_abort_msg("no figure %s", name);
    return NAN;
}

START_TEST(figures_by_hand)
{
    struct eval_image image;
    struct eval_sums sums = {0}, one = {0};
    make_outcome(&image);
    ck_assert_int_eq(eval_sums_add(&sums, &image, EVAL_ALL_CATEGORIES, &error), 0);
    ck_assert_int_eq(eval_sums_add(&one, &image, 3, &error), 0);
    ck_assert_double_eq(figure(&sums, "segments"), 2);
    ck_assert_double_eq(figure(&sums, "masks_per_image"), 3);
    ck_assert_double_eq(figure(&sums, "miou_best_of_3"), 0.625);
    ck_assert_double_eq(figure(&sums, "miou_1_click"), 0.5);
    ck_assert_double_eq(figure(&sums, "miou_1_click_small"), 0.25);
    ck_assert_double_eq(figure(&sums, "miou_2_clicks"), 0.3);
    ck_assert_double_eq(figure(&sums, "miou_3_clicks_medium"), 1);
    ck_assert(isnan(figure(&sums, "miou_4_clicks")));
    ck_assert_double_eq(figure(&sums, "miou_box"), 0.375);
    /* 0.8 reaches seven thresholds, 0.6 three; of the crowd's mask nothing counts at 0.5. */
    ck_assert_double_eq_tol(figure(&sums, "ar_at_10"), 0.5, 1e-12);
    ck_assert_double_eq(figure(&sums, "precision_50"), 1);
    ck_assert_double_eq(figure(&sums, "recall_50"), 1);
    ck_assert_double_eq_tol(figure(&sums, "precision_75"), 1 / 3.0, 1e-12);
    ck_assert_double_eq(figure(&sums, "recall_75"), 0.5);
    ck_assert_double_eq(figure(&sums, "precision_50_medium"), 1);
    ck_assert(isnan(figure(&sums, "precision_50_large")));
    /* Above 0.7 the first mask is left. */
    ck_assert_uint_eq(sums.curve[RANGE_ALL][14].masks[0], 1);
    ck_assert_uint_eq(sums.curve[RANGE_ALL][13].masks[0], 2);
    ck_assert_double_eq(eval_recall(&sums, RANGE_ALL, 14, 0), 0.5);
    /* One class: its segment, and nothing of masks. */
    ck_assert_double_eq(figure(&one, "segments"), 1);
    ck_assert_double_eq(figure(&one, "miou_2_clicks"), 0.5);
    ck_assert_double_eq_tol(figure(&one, "ar_at_10"), 0.3, 1e-12);
    ck_assert(isnan(figure(&one, "precision_50")));
    ck_assert(isnan(figure(&one, "ap")));
    eval_sums_free(&sums);
    eval_sums_free(&one);
    eval_image_free(&image);
}
END_TEST

/* The outcome as text; freed by free(3). */
static char *written(const struct eval_image *image)
{
    struct json_text text = {0};
    json_text_raw(&text, "{\"image\": \"a.jpg\"");
    eval_image_write(image, &text);
    json_text_raw(&text, "}");
    char *line = json_text_take(&text, NULL, &error);
    ck_assert_ptr_nonnull(line);
    return line;
}

static int read_line(struct eval_image *image, const char *line)
{
    json_t *object = json_loads(line, 0, NULL);
    ck_assert_ptr_nonnull(object);
    const int status = eval_image_read(image, object, &error);
    json_decref(object);
    return status;
}

START_TEST(an_outcome_is_read_as_it_was_written)
{
    struct eval_image image, again = {0};
    struct eval_sums sums = {0}, sums_again = {0};
    struct eval_figure figures[EVAL_FIGURES], figures_again[EVAL_FIGURES];
    make_outcome(&image);
    char *line = written(&image);
    ck_assert_int_eq(read_line(&again, line), 0);
    char *line_again = written(&again);
    ck_assert_str_eq(line, line_again);
    ck_assert_int_eq(eval_sums_add(&sums, &image, EVAL_ALL_CATEGORIES, &error), 0);
    ck_assert_int_eq(eval_sums_add(&sums_again, &again, EVAL_ALL_CATEGORIES, &error), 0);
    const size_t count = eval_figures(&sums, figures);
    ck_assert_uint_eq(eval_figures(&sums_again, figures_again), count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(figures[i].value == figures_again[i].value ||
                          (isnan(figures[i].value) && isnan(figures_again[i].value)),
                      "%s", figures[i].name);
    eval_sums_free(&sums);
    eval_sums_free(&sums_again);
    eval_image_free(&image);
    eval_image_free(&again);
    free(line);
    free(line_again);
}
END_TEST

START_TEST(bad_outcomes_are_refused)
{
    static const char *const bad[] = {
        "[]",
        "{}",
        "{\"clicks\": 10, \"empty_segments\": 0, \"segments\": [], \"masks\": [], \"overlaps\": "
        "[]}",
        "{\"clicks\": 1, \"empty_segments\": -1, \"segments\": [], \"masks\": [], \"overlaps\": "
        "[]}",
#define HEAD "{\"clicks\": 2, \"boxes\": true, \"empty_segments\": 0, "
        HEAD "\"masks\": [], \"overlaps\": []}",
        HEAD "\"segments\": [{}], \"masks\": [], \"overlaps\": []}",
        HEAD "\"segments\": [{\"area\": -1}], \"masks\": [], \"overlaps\": []}",
        HEAD "\"segments\": [{\"area\": 1}], \"masks\": [], \"overlaps\": []}", /* no box */
        HEAD "\"segments\": [{\"area\": 1, \"box\": 1, \"iou\": [1], \"predicted\": [1], "
             "\"later\": []}], \"masks\": [], \"overlaps\": []}",
        HEAD "\"segments\": [{\"area\": 1, \"box\": 1, \"iou\": [1, 1, 1, 1]}], \"masks\": [], "
             "\"overlaps\": []}",
        HEAD "\"segments\": [{\"area\": 1, \"box\": 1, \"category\": 2147483648}], \"masks\": [], "
             "\"overlaps\": []}",
        HEAD "\"segments\": [], \"masks\": [[1, 1, 1]], \"overlaps\": []}",
        HEAD "\"segments\": [], \"masks\": [[1, 1, 2, 0]], \"overlaps\": []}",
        HEAD "\"segments\": [], \"masks\": [[1, 1, 1, 0], [2, 1, 1, 0]], \"overlaps\": []}",
        HEAD "\"segments\": [], \"masks\": [[1, 1, 1, 0]], \"overlaps\": [[0, 0, 1]]}",
        HEAD "\"segments\": [{\"area\": 1, \"box\": 1}], \"masks\": [[1, 1, 1, 0]], \"overlaps\": "
             "[[0, 0, 0.4]]}",
#undef HEAD
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct eval_image image = {0};
        ck_assert_msg(read_line(&image, bad[i]) == -1, "taken: %s", bad[i]);
        ck_assert_int_eq(error.code, ERROR_RECORD);
        ck_assert_ptr_null(image.segments);
    }
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
    enum { SIDE = 224 }; /* a small input: it encodes three times */
    const struct sam_options options = {.image_size = SIDE};
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
    struct eval_image outcome = {.clicks = 1};
    ck_assert_int_eq(parse(&truth, "{\"image\": {\"width\": 90, \"height\": 60}, \"annotations\": "
                                   "[{\"segmentation\": {\"size\": [60, 90], \"counts\": "
                                   "[2669, 1, 2730]}}]}"),
                     0);
    struct mm_model *model =
        mm_model_open(NULL, &(struct mm_model_options){.image_size = SIDE}, NULL);
    struct mm_image *pixels = mm_image_new(image.rgb, 90, 60, 3 * 90, NULL);
    struct mm_segmenter *segmenter = mm_segmenter_new(model, NULL, 1, NULL);
    ck_assert_int_eq(mm_segmenter_set_image(segmenter, pixels, NULL), 0);
    ck_assert_int_eq(eval_begin(&outcome, &truth, &error), 0);
    ck_assert_int_eq(click_segments(segmenter, &truth, &outcome, &error), 0);
    mm_segmenter_free(segmenter);
    mm_image_free(pixels);
    mm_model_free(model);
    ck_assert_int_eq(outcome.segments[0].choices, PREDICTOR_MASKS);
    for (int m = 0; m < PREDICTOR_MASKS; m++) {
        ck_assert_double_eq(outcome.segments[0].iou[m],
                            rle_iou(&masks.items[m].rle, &truth.items[0].rle));
        ck_assert_double_eq(outcome.segments[0].predicted[m], masks.items[m].predicted_iou);
    }
    eval_image_free(&outcome);
    mask_list_free(&masks);
    segments_free(&truth);
    image_free(&image);
    predictor_free(predictor);
    embedder_free(embedder);
    sam_free(sam);
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

START_TEST(the_report_has_its_numbers)
{
    struct eval_image image;
    struct eval_sums sums = {0};
    struct json_text text = {0};
    make_outcome(&image);
    ck_assert_int_eq(eval_sums_add(&sums, &image, EVAL_ALL_CATEGORIES, &error), 0);
    json_text_raw(&text, "{");
    eval_json(&sums, true, &text);
    json_text_raw(&text, "}");
    char *json = json_text_take(&text, NULL, &error);
    ck_assert_ptr_nonnull(json);
    ck_assert_ptr_nonnull(strstr(json, "\"single_click\": {\"segments\": 2, \"miou_best_of_3\": "
                                       "0.625, \"miou_best_scored\": 0.5, \"small\": "
                                       "{\"segments\": 1, \"miou_best_of_3\": 0.5, "));
    ck_assert_ptr_nonnull(strstr(json, "\"large\": {\"segments\": 0, \"miou_best_of_3\": null, "));
    ck_assert_ptr_nonnull(strstr(json, "\"miou_3_clicks\": 0.6, "));
    ck_assert_ptr_nonnull(strstr(json, "\"box\": {\"segments\": 2, \"miou\": 0.375, "));
    ck_assert_ptr_nonnull(strstr(json, "{\"pred_iou_thresh\": 0.75, \"masks\": 1, "
                                       "\"precision_50\": 1.0, \"recall_50\": 0.5, "));
    json_t *object = json_loads(json, 0, NULL);
    ck_assert_ptr_nonnull(object);
    json_decref(object);
    eval_sums_free(&sums);
    eval_image_free(&image);
    free(json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eval");
    TCase *tests = tcase_create("eval");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, records_of_any_tool);
    tcase_add_test(tests, bad_records_are_refused);
    tcase_add_test(tests, masks_are_ranked_and_compared);
    tcase_add_test(tests, figures_by_hand);
    tcase_add_test(tests, an_outcome_is_read_as_it_was_written);
    tcase_add_test(tests, bad_outcomes_are_refused);
    tcase_add_test(tests, a_click_gives_the_generators_masks);
    tcase_add_test(tests, the_report_has_its_numbers);
    tcase_add_test(tests, members_of_coco_are_read_and_other_annotators_kept);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
