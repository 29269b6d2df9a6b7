/* found_masks.h - random masks in crops, and the way that they take through `generate`, written down once
 * more: what a model would find is drawn. */
#ifndef TESTS_UNIT_FOUND_MASKS_H
#define TESTS_UNIT_FOUND_MASKS_H

#include <check.h>

#include "base/error.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "filters/postprocess.h"
#include "pipeline/options.h"
#include "random.h"

enum { SIDE = 48, CROPS = 5, MASKS = 24 };

/* The image, and four crops; two have the same area. */
static const struct rect crops[CROPS] = {
    {0, 0, SIDE, SIDE}, {0, 0, 30, 30}, {18, 0, 30, 30}, {0, 18, 24, 30}, {18, 18, 30, 24}};

/* A mask of two rectangles; point[0] numbers it. Few values of the scores, so that some are equal. */
static inline void add_random(struct mask_list *list, struct random *random, struct rect crop,
                              int number)
{
    uint8_t bits[SIDE * SIDE] = {0};
    for (int part = 0; part < 2; part++) {
        int x = crop.x + (int)random_below(random, (uint32_t)crop.width);
        int y = crop.y + (int)random_below(random, (uint32_t)crop.height);
        int right = x + 1 + (int)random_below(random, 16),
            end = y + 1 + (int)random_below(random, 16);
        for (int j = y; j < end && j < crop.y + crop.height; j++)
            for (int i = x; i < right && i < crop.x + crop.width; i++)
                bits[j * SIDE + i] = random_below(random, 40) > 0;
    }
    struct mask mask = {.crop = crop,
                        .point = {number, 0},
                        .predicted_iou = (float)random_below(random, 12) / 11,
                        .stability_score = (float)random_below(random, 12) / 11};
    struct error error;
    ck_assert_int_eq(rle_from_bitmap(&mask.rle, bits, SIDE, SIDE, SIDE, &error), 0);
    mask.box = rle_box(&mask.rle);
    mask.area = rle_area(&mask.rle);
    ck_assert_int_eq(mask_list_add(list, &mask, &error), 0);
}

/* What prompt_worker.c keeps of a crop's masks. */
static inline void find(struct mask_list *list, struct random *random, const struct rect *crop,
                        int first, const struct generator_options *options)
{
    struct mask_list all = {0};
    size_t order[MASKS], kept = 0;
    struct error error;
    for (int i = 0; i < MASKS; i++)
        add_random(&all, random, *crop, first + i);
    for (size_t i = 0; i < MASKS; i++) {
        const struct mask *mask = &all.items[i];
        double share = options->postprocess.max_area_fraction;
        if ((options->pred_iou_thresh <= 0 ||
             mask->predicted_iou > (float)options->pred_iou_thresh) &&
            mask->stability_score >= (float)options->stability_score_thresh &&
            (share <= 0 || (double)mask->area < share * SIDE * SIDE))
            order[kept++] = i;
    }
    ck_assert_int_eq(mask_list_select(&all, order, kept, &error), 0);
    ck_assert_int_eq(nms_within_crop(&all, options->box_nms_thresh, &error), 0);
    ck_assert_int_eq(mask_list_append(list, &all, &error), 0);
}

/* What `generate` keeps of the image that `seed` stands for. */
static inline struct mask_list generate_image(uint64_t seed, size_t crop_count,
                                              const struct generator_options *options)
{
    struct mask_list list = {0};
    struct random random = {seed};
    struct error error;
    for (size_t i = 0; i < crop_count; i++)
        find(&list, &random, &crops[i], (int)i * MASKS, options);
    if (crop_count > 1)
        ck_assert_int_eq(nms_across_crops(&list, options->crop_nms_thresh, &error), 0);
    double box = options->box_nms_thresh, crop = options->crop_nms_thresh;
    ck_assert_int_eq(
        postprocess(&list, &options->postprocess, box > crop ? box : crop, SIDE, SIDE, &error), 0);
    return list;
}

static inline void expect_same(const struct mask_list *found, const struct mask_list *expected)
{
    ck_assert_uint_eq(found->count, expected->count);
    for (size_t i = 0; i < found->count; i++) {
        const struct mask *a = &found->items[i], *b = &expected->items[i];
        ck_assert_int_eq((int)a->point[0], (int)b->point[0]);
        ck_assert_uint_eq(a->area, b->area);
        ck_assert_uint_eq(a->rle.length, b->rle.length);
        ck_assert_mem_eq(a->rle.counts, b->rle.counts, a->rle.length * sizeof *a->rle.counts);
        ck_assert_mem_eq(&a->box, &b->box, sizeof a->box);
    }
}

#endif
