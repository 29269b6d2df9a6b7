/* clicks: the next click by hand; nine clicks and boxes of many segments against one prompt at a time. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "include/maskmill.h"
#include "program/eval/clicks.h"
#include "program/eval/eval.h"
#include "program/eval/segments.h"
#include "rle/rle.h"

static struct error error;

enum { HEIGHT = 60, WIDTH = 90 };

/* The pixels x0 <= x < x1, y0 <= y < y1; freed by rle_free. */
static struct rle rectangle(uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1)
{
    struct rle rle = {0};
    rle_begin(&rle, HEIGHT, WIDTH);
    for (uint32_t x = x0; x < x1; x++)
        ck_assert_int_eq(rle_add(&rle, x * HEIGHT + y0, x * HEIGHT + y1, &error), 0);
    ck_assert_int_eq(rle_end(&rle, &error), 0);
    return rle;
}

static void check_next(struct rle truth, struct rle mask, int wrong, double x, double y, int label)
{
    double point[2];
    int found;
    ck_assert_int_eq(click_next(&truth, &mask, point, &found, &error), wrong);
    if (wrong) {
        ck_assert_double_eq(point[0], x);
        ck_assert_double_eq(point[1], y);
        ck_assert_int_eq(found, label);
    }
    rle_free(&truth);
    rle_free(&mask);
}

START_TEST(the_next_click_is_where_the_mask_is_most_wrong)
{
    /* Missed: the right 9 of 29 columns. */
    check_next(rectangle(10, 10, 39, 41), rectangle(10, 10, 30, 41), 1, 34, 14, 1);
    /* Too many: the same. */
    check_next(rectangle(10, 10, 30, 41), rectangle(10, 10, 39, 41), 1, 34, 14, 0);
    /* Missed are 3 columns on the left, too many 5 on the right. */
    check_next(rectangle(10, 10, 30, 40), rectangle(13, 10, 35, 40), 1, 32, 12, 0);
    check_next(rectangle(10, 10, 30, 40), rectangle(15, 10, 33, 40), 1, 12, 12, 1);
    /* As far from the border: background. */
    check_next(rectangle(10, 10, 30, 40), rectangle(13, 10, 33, 40), 1, 31, 11, 0);
    /* Nothing is predicted; nothing is wrong. */
    check_next(rectangle(0, 0, 3, 3), rectangle(0, 0, 0, 0), 1, 1, 1, 1);
    check_next(rectangle(5, 5, 9, 9), rectangle(5, 5, 9, 9), 0, 0, 0, 0);
}
END_TEST

enum { SEGMENTS = 70 }; /* more than are clicked side by side */

static void add_segment(struct segments *truth, uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1)
{
    struct segment *segment = &truth->items[truth->count++];
    segment->rle = rectangle(x0, y0, x1, y1);
    segment->box = rle_box(&segment->rle);
    segment->area = rle_area(&segment->rle);
}

static struct rle runs_of(const struct mm_mask *mask)
{
    return (struct rle){.width = WIDTH,
                        .height = HEIGHT,
                        .length = mask->run_count,
                        .counts = (uint32_t *)mask->runs};
}

/* What mm_segmenter_predict gives for one segment, click by click: its three IoUs, then eight. */
static void click_alone(struct mm_segmenter *segmenter, const struct segment *segment, double *iou)
{
    double points[EVAL_CLICKS_MAX][2];
    int labels[EVAL_CLICKS_MAX];
    struct rle nothing = rectangle(0, 0, 0, 0), mask = nothing;
    struct mm_masks *masks = NULL;
    const float *logits = NULL;
    for (int click = 0; click < EVAL_CLICKS_MAX; click++) {
        struct mm_masks *next;
        ck_assert_int_eq(click_next(&segment->rle, &mask, points[click], &labels[click], &error),
                         1);
        const struct mm_prompt prompt = {.points = points[0],
                                         .labels = labels,
                                         .point_count = click + 1,
                                         .logits = logits,
                                         .single = click > 0};
        ck_assert_int_eq(mm_segmenter_predict(segmenter, &prompt, &next, NULL), 0);
        mm_masks_free(masks);
        masks = next;
        struct mm_mask best = mm_masks_get(masks, 0);
        for (size_t m = 0; m < mm_masks_count(masks); m++) {
            const struct mm_mask one = mm_masks_get(masks, m);
            const struct rle runs = runs_of(&one);
            *iou++ = rle_iou(&runs, &segment->rle);
            if (one.predicted_iou > best.predicted_iou)
                best = one;
        }
        mask = runs_of(&best);
        logits = best.logits;
    }
    mm_masks_free(masks);
    rle_free(&nothing);
}

START_TEST(many_segments_are_clicked_as_each_alone)
{
    static uint8_t pixels[HEIGHT * WIDTH * 3];
    struct segments truth = {.items = calloc(SEGMENTS, sizeof *truth.items)};
    struct eval_image outcome = {.clicks = EVAL_CLICKS_MAX, .boxes = true};
    struct mm_model *model = mm_model_open("tests/parity/models/hq_xs.safetensors", NULL, NULL);
    struct mm_segmenter *segmenter = mm_segmenter_new(model, NULL, 2, NULL);
    for (int y = 15; y < 45; y++)
        memset(pixels + (size_t)(y * WIDTH + 30) * 3, 200, 30 * 3);
    for (uint32_t i = 0; i < SEGMENTS; i++)
        add_segment(&truth, i % 50, i % 30, i % 50 + 30, i % 30 + 25);
    truth.items[3].crowd = true;
    struct mm_image *image = mm_image_new(pixels, WIDTH, HEIGHT, 3 * WIDTH, NULL);
    ck_assert_int_eq(mm_segmenter_set_image(segmenter, image, NULL), 0);
    ck_assert_int_eq(eval_begin(&outcome, &truth, &error), 0);
    ck_assert_int_eq(click_segments(segmenter, &truth, &outcome, &error), 0);
    ck_assert_int_eq(outcome.segments[3].choices, 0);
    for (size_t s = 0; s < SEGMENTS; s += 23) {
        double iou[EVAL_CHOICES + EVAL_CLICKS_MAX - 1];
        click_alone(segmenter, &truth.items[s], iou);
        for (int m = 0; m < EVAL_CHOICES; m++)
            ck_assert_double_eq(outcome.segments[s].iou[m], iou[m]);
        for (int c = 0; c < EVAL_CLICKS_MAX - 1; c++)
            ck_assert_double_eq(outcome.segments[s].later[c], iou[EVAL_CHOICES + c]);
    }
    /* A box, by its outer edges. */
    const double box[4] = {46, 16, 76, 41};
    struct mm_masks *masks;
    ck_assert_int_eq(mm_segmenter_predict(
                         segmenter, &(struct mm_prompt){.box = box, .single = true}, &masks, NULL),
                     0);
    const struct mm_mask mask = mm_masks_get(masks, 0);
    const struct rle runs = runs_of(&mask);
    ck_assert_double_eq(outcome.segments[46].box, rle_iou(&runs, &truth.items[46].rle));
    mm_masks_free(masks);
    mm_segmenter_free(segmenter);
    mm_image_free(image);
    mm_model_free(model);
    eval_image_free(&outcome);
    segments_free(&truth);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clicks");
    TCase *tests = tcase_create("clicks");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, the_next_click_is_where_the_mask_is_most_wrong);
    tcase_add_test(tests, many_segments_are_clicked_as_each_alone);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
