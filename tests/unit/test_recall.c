/* COCO's matching: worked by hand, and pycocotools' figures of random rectangles. */
#include "unit.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "coco_table.h"
#include "program/eval/eval.h"
#include "program/eval/eval_sums.h"
#include "program/eval/recall.h"
#include "program/eval/segments.h"
#include "random.h"
#include "rle/rle.h"

static struct error error;

enum { MOST = 8 };

/* An outcome whose arrays are the caller's. */
struct drawn {
    struct eval_segment segments[MOST];
    struct eval_mask masks[MOST];
    struct eval_overlap overlaps[MOST];
    struct recall_segment ranks[MOST];
    struct recall_mask found[MOST];
};

/* Matches the first segments, masks and overlaps. */
static void match(struct drawn *drawn, size_t segments, size_t masks, size_t overlaps)
{
    const struct eval_image image = {.segments = drawn->segments,
                                     .masks = drawn->masks,
                                     .overlaps = drawn->overlaps,
                                     .segment_count = segments,
                                     .mask_count = masks,
                                     .overlap_count = overlaps};
    ck_assert_int_eq(recall_match(&image, drawn->ranks, drawn->found, &error), 0);
}

START_TEST(each_mask_takes_the_best_free_segment)
{
    struct drawn drawn = {
        .segments = {{.area = 1023}, {.area = 5000}},
        .masks = {{.score = 0.9, .area = 900}, {.score = 0.8, .area = 900}},
        .overlaps = {{0, 0, 0.6}, {1, 0, 0.9}, {1, 1, 0.55}},
    };
    match(&drawn, 2, 2, 3);
    const int16_t *small = drawn.ranks[0].rank[RANGE_ALL];
    const int16_t *medium = drawn.ranks[1].rank[RANGE_ALL];
    ck_assert_int_eq(small[0], 0); /* 0.5: the first mask has it, so the second takes the other */
    ck_assert_int_eq(medium[0], 1);
    ck_assert_int_eq(small[2], 0); /* 0.6 is reached */
    ck_assert_int_eq(medium[2], -1);
    ck_assert_int_eq(small[3], 1); /* 0.65 and up: the second */
    ck_assert_int_eq(small[8], 1);
    ck_assert_int_eq(small[9], -1);
    ck_assert_uint_eq(drawn.found[1].right[RANGE_ALL], 0x1fb); /* all but 0.6 and 0.95 */
}
END_TEST

START_TEST(of_equal_overlaps_the_last_segment_is_taken)
{
    struct drawn drawn = {
        .segments = {{.area = 100, .category = 2}, {.area = 100, .category = 1}},
        .masks = {{.score = 1, .area = 100}},
        .overlaps = {{0, 0, 0.5}, {0, 1, 0.5}},
    };
    match(&drawn, 2, 1, 2);
    ck_assert_int_eq(drawn.ranks[0].rank[RANGE_ALL][0], 0); /* of the higher category */
    ck_assert_int_eq(drawn.ranks[1].rank[RANGE_ALL][0], -1);
    drawn.segments[0].category = 1;
    match(&drawn, 2, 1, 2);
    ck_assert_int_eq(drawn.ranks[0].rank[RANGE_ALL][0], -1);
    ck_assert_int_eq(drawn.ranks[1].rank[RANGE_ALL][0], 0);
}
END_TEST

START_TEST(ignored_segments_are_taken_where_no_other_can_be)
{
    struct drawn drawn = {
        /* a crowd, a large one, a small one */
        .segments = {{.area = 4000, .crowd = true}, {.area = 10000}, {.area = 500}},
        .masks = {{.score = 0.9, .area = 400},    /* in the crowd, but half of the small one, too */
                  {.score = 0.8, .area = 400},    /* in the crowd */
                  {.score = 0.7, .area = 400},    /* in the crowd, once more */
                  {.score = 0.6, .area = 9500},   /* the large one */
                  {.score = 0.5, .area = 20000}}, /* nothing */
        .overlaps = {{0, 0, 1}, {0, 2, 0.5}, {1, 0, 1}, {2, 0, 1}, {3, 1, 0.95}},
    };
    match(&drawn, 3, 5, 5);
    ck_assert_int_eq(drawn.ranks[2].rank[RANGE_ALL][0], 0);
    ck_assert_int_eq(drawn.ranks[0].rank[RANGE_ALL][0], -1);
    ck_assert_uint_eq(drawn.found[0].right[RANGE_ALL], 1);
    ck_assert_uint_eq(drawn.found[0].ignored[RANGE_ALL], 0x3fe); /* above 0.5: the crowd */
    ck_assert_uint_eq(drawn.found[1].ignored[RANGE_ALL], 0x3ff);
    ck_assert_uint_eq(drawn.found[2].ignored[RANGE_ALL], 0x3ff);
    ck_assert_uint_eq(drawn.found[3].right[RANGE_ALL], 0x3ff);
    ck_assert_uint_eq(drawn.found[4].ignored[RANGE_ALL], 0);
    /* Among small ones the large segment is ignored, and so is a large mask that finds nothing. */
    ck_assert_uint_eq(drawn.found[3].right[RANGE_SMALL], 0);
    ck_assert_uint_eq(drawn.found[3].ignored[RANGE_SMALL], 0x3ff);
    ck_assert_uint_eq(drawn.found[4].ignored[RANGE_SMALL], 0x3ff);
    ck_assert_uint_eq(drawn.found[4].ignored[RANGE_LARGE], 0);
    ck_assert_int_eq(drawn.ranks[1].rank[RANGE_LARGE][9], 3);
    ck_assert_int_eq(drawn.ranks[1].rank[RANGE_SMALL][0], -1);
}
END_TEST

START_TEST(bounds_belong_to_both_ranges)
{
    ck_assert(eval_range_has(RANGE_SMALL, 1024) && eval_range_has(RANGE_MEDIUM, 1024));
    ck_assert(eval_range_has(RANGE_MEDIUM, 9216) && eval_range_has(RANGE_LARGE, 9216));
    ck_assert(!eval_range_has(RANGE_SMALL, 1024.5) && !eval_range_has(RANGE_LARGE, 9215.5));
    ck_assert(eval_range_has(RANGE_ALL, 0) && !eval_range_has(RANGE_ALL, 2e10));
}
END_TEST

START_TEST(only_the_first_masks_count)
{
    enum { MASKS = RECALL_MASKS_MAX + 1 };
    static struct eval_mask masks[MASKS];
    static struct recall_mask found[RECALL_MASKS_MAX];
    struct eval_segment segments[2] = {{.area = 5000}, {.area = 5000}};
    struct eval_overlap overlaps[2] = {{MASKS - 2, 0, 1}, {MASKS - 1, 1, 1}};
    struct recall_segment ranks[2];
    const struct eval_image image = {.segments = segments,
                                     .masks = masks,
                                     .overlaps = overlaps,
                                     .segment_count = 2,
                                     .mask_count = MASKS,
                                     .overlap_count = 2};
    ck_assert_int_eq(recall_match(&image, ranks, found, &error), 0);
    ck_assert_int_eq(ranks[0].rank[RANGE_ALL][0], MASKS - 2);
    ck_assert_int_eq(ranks[1].rank[RANGE_ALL][0], -1);
}
END_TEST

/* What coco_table.py draws. */
enum { IMAGES = 12, SIDE = 240, STEP = 8, BOXES = 12, FOUND = 130 };

struct rectangle {
    int x, y, width, height;
};

static int clamp(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

static struct rectangle draw(struct random *random)
{
    struct rectangle r;
    r.width = STEP * (1 + (int)random_below(random, 15));
    r.height = STEP * (1 + (int)random_below(random, 15));
    r.x = STEP * (int)random_below(random, (uint32_t)((SIDE - r.width) / STEP + 1));
    r.y = STEP * (int)random_below(random, (uint32_t)((SIDE - r.height) / STEP + 1));
    return r;
}

static int step(struct random *random)
{
    return STEP * ((int)random_below(random, 3) - 1);
}

static struct rectangle move(struct random *random, struct rectangle r)
{
    r.width = clamp(r.width + step(random), STEP, SIDE);
    r.height = clamp(r.height + step(random), STEP, SIDE);
    r.x = clamp(r.x + step(random), 0, SIDE - r.width);
    r.y = clamp(r.y + step(random), 0, SIDE - r.height);
    return r;
}

static void encode(struct rle *rle, struct rectangle r)
{
    rle_begin(rle, SIDE, SIDE);
    for (int x = r.x; x < r.x + r.width; x++)
        ck_assert_int_eq(
            rle_add(rle, (uint32_t)(x * SIDE + r.y), (uint32_t)(x * SIDE + r.y + r.height), &error),
            0);
    ck_assert_int_eq(rle_end(rle, &error), 0);
}

/* Draws the true segments of one image. Returns their rectangles in boxes[BOXES]. */
static void draw_truth(struct random *random, struct segments *truth, struct rectangle *boxes)
{
    const size_t count = 1 + random_below(random, 12);
    truth->items = calloc(count, sizeof *truth->items);
    for (; truth->count < count; truth->count++) {
        const struct rectangle r = boxes[truth->count] = draw(random);
        struct segment *segment = &truth->items[truth->count];
        encode(&segment->rle, r);
        segment->box = rle_box(&segment->rle);
        segment->area = rle_area(&segment->rle);
        segment->coco_area = (double)segment->area;
        segment->crowd = random_below(random, 8) == 0;
        segment->category = 1 + (int32_t)random_below(random, 3);
    }
}

/* Draws the masks of one image, and adds the image to the sums. */
static void draw_image(struct random *random, int number, struct eval_sums *sums)
{
    struct segments truth = {.width = SIDE, .height = SIDE};
    struct rectangle boxes[BOXES];
    struct eval_candidate candidates[FOUND] = {0};
    struct eval_image image = {0};
    draw_truth(random, &truth, boxes);
    const size_t count = number == 0 ? FOUND : random_below(random, 40);
    for (size_t i = 0; i < count; i++) {
        struct rectangle r;
        if (random_below(random, 4))
            r = move(random, boxes[random_below(random, (uint32_t)truth.count)]);
        else
            r = draw(random);
        encode(&candidates[i].rle, r);
        candidates[i].score = random_below(random, 16) / 16.0;
    }
    ck_assert_int_eq(eval_begin(&image, &truth, &error), 0);
    ck_assert_int_eq(eval_masks(&image, &truth, candidates, count, &error), 0);
    ck_assert_int_eq(eval_sums_add(sums, &image, EVAL_ALL_CATEGORIES, &error), 0);
    eval_image_free(&image);
    segments_free(&truth);
    for (size_t i = 0; i < count; i++)
        rle_free(&candidates[i].rle);
}

START_TEST(the_figures_are_those_of_pycocotools)
{
    struct random random = {COCO_SEED};
    struct eval_sums sums = {0};
    for (int i = 0; i < IMAGES; i++)
        draw_image(&random, i, &sums);
    for (int r = 0; r < RANGES; r++) {
        const enum eval_range range = (enum eval_range)r;
        const double *expected = coco_figures[r];
        for (int limit = 0; limit < RECALL_LIMITS; limit++) {
            ck_assert_double_eq_tol(eval_average_recall(&sums, range, limit, RECALL_THRESHOLDS),
                                    expected[limit], 1e-12);
            ck_assert_double_eq_tol(eval_average_recall(&sums, range, limit, 1),
                                    expected[3 + limit], 1e-12);
        }
        ck_assert_double_eq_tol(eval_average_precision(&sums, range, 0, RECALL_THRESHOLDS),
                                expected[6], 1e-12);
        ck_assert_double_eq_tol(eval_average_precision(&sums, range, 0, 1), expected[7], 1e-12);
        ck_assert_double_eq_tol(eval_average_precision(&sums, range, 5, 1), expected[8], 1e-12);
    }
    eval_sums_free(&sums);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recall");
    TCase *tests = tcase_create("recall");
    tcase_add_test(tests, each_mask_takes_the_best_free_segment);
    tcase_add_test(tests, of_equal_overlaps_the_last_segment_is_taken);
    tcase_add_test(tests, ignored_segments_are_taken_where_no_other_can_be);
    tcase_add_test(tests, bounds_belong_to_both_ranges);
    tcase_add_test(tests, only_the_first_masks_count);
    tcase_add_test(tests, the_figures_are_those_of_pycocotools);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
