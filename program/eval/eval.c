#include "program/eval/eval.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/geometry.h"
#include "base/memory.h"
#include "filters/centre.h"
#include "images/image_pool.h"
#include "include/maskmill.h"
#include "jobs/list.h"
#include "library/mm_handles.h"
#include "program/eval/segments.h"
#include "program/segmenter.h"
#include "rle/rle.h"

static void correlate(struct eval_correlation *sums, double x, double y)
{
    sums->count++;
    sums->x += x;
    sums->y += y;
    sums->xx += x * x;
    sums->yy += y * y;
    sums->xy += x * y;
}

/* The mask as the comparison takes it. */
static struct eval_mask borrow(const struct mm_masks *masks, size_t i)
{
    const struct mm_mask mask = mm_masks_get(masks, i);
    return (struct eval_mask){
        .rle = {.width = (uint32_t)mask.width,
                .height = (uint32_t)mask.height,
                .length = mask.run_count,
                .counts = (uint32_t *)mask.runs}, /* only read */
        .predicted_iou = mask.predicted_iou,
    };
}

/* Adds the masks of one click to the sums. */
static void evaluate_click(struct eval_scores *scores, const struct mm_masks *masks,
                           const struct segment *segment)
{
    struct eval_clicks *clicks = &scores->clicks[segment_size(segment->area)];
    double best = 0, scored = 0, highest = 0;
    for (size_t m = 0; m < mm_masks_count(masks); m++) {
        const struct eval_mask mask = borrow(masks, m);
        double iou = rle_iou(&mask.rle, &segment->rle);
        correlate(&scores->correlation, mask.predicted_iou, iou);
        if (iou > best)
            best = iou;
        if (m == 0 || mask.predicted_iou > highest) {
            highest = mask.predicted_iou;
            scored = iou;
        }
    }
    clicks->clicks++;
    clicks->best_of_3 += best;
    clicks->best_scored += scored;
}

int eval_clicks(struct eval_scores *scores, struct mm_segmenter *segmenter,
                const struct segments *truth, struct error *error)
{
    for (size_t i = 0; i < truth->count; i++) {
        struct mm_masks *masks;
        struct mm_error failure = {0};
        int32_t x, y;
        if (mask_centre(&truth->items[i].rle, &x, &y, NULL, error))
            return -1;
        const double point[2] = {x, y};
        const struct mm_prompt click = {.points = point, .point_count = 1};
        if (mm_segmenter_predict(segmenter, &click, &masks, &failure))
            return segmenter_error(error, &failure);
        evaluate_click(scores, masks, &truth->items[i]);
        mm_masks_free(masks);
    }
    return 0;
}

/* Best first. The masks lie in one array, so comparing addresses keeps the order of equal ones. */
struct ranked {
    struct eval_mask mask;
    size_t place;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    double difference = y->mask.predicted_iou - x->mask.predicted_iou;
    if (difference != 0)
        return difference > 0 ? 1 : -1;
    return (x->place > y->place) - (x->place < y->place);
}

static int rank(struct eval_mask *masks, size_t count, struct error *error)
{
    struct ranked *ranked = memory_new(count, sizeof *ranked, "order of masks", error);
    if (!ranked)
        return -1;
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){masks[i], i};
    qsort(ranked, count, sizeof *ranked, compare);
    for (size_t i = 0; i < count; i++)
        masks[i] = ranked[i].mask;
    memory_free(ranked);
    return 0;
}

enum { SEGMENTS_MAX = 1 << 14 }; /* of an image: their overlaps with 1,000 masks take 128 MiB */

/* iou[count][truth->count] */
static void overlap(const struct segments *truth, const struct eval_mask *masks, size_t count,
                    double *iou)
{
    for (size_t m = 0; m < count; m++) {
        struct box box = rle_box(&masks[m].rle);
        for (size_t s = 0; s < truth->count; s++, iou++)
            *iou = box_meets(box, truth->items[s].box)
                       ? rle_iou(&masks[m].rle, &truth->items[s].rle)
                       : 0;
    }
}

int eval_masks(struct eval_scores *scores, const struct segments *truth, struct eval_mask *masks,
               size_t count, struct error *error)
{
    size_t most = recall_limits[RECALL_LIMITS - 1];
    size_t used = count < most ? count : most;
    double *iou = NULL;
    uint64_t *areas = NULL;
    int status = -1;
    if (truth->count > SEGMENTS_MAX)
        return error_set(error, ERROR_RECORD, "%zu true segments are more than the %d of an image",
                         truth->count, SEGMENTS_MAX);
    if (rank(masks, count, error) == 0 &&
        (areas = memory_new(truth->count, sizeof *areas, "areas", error)) &&
        (iou = memory_new(used, truth->count * sizeof *iou, "overlaps", error))) {
        for (size_t s = 0; s < truth->count; s++)
            areas[s] = truth->items[s].area;
        overlap(truth, masks, used, iou);
        status = recall_add(&scores->recall, areas, truth->count, iou, used, error);
        scores->masks += count;
    }
    memory_free(areas);
    memory_free(iou);
    return status;
}

static int check_size(const struct segments *truth, int64_t width, int64_t height,
                      const char *folder, const char *name, struct error *error)
{
    if (width == 0 || truth->width == 0) /* no masks on one side, so nothing to compare */
        return 0;
    if (width == truth->width && height == truth->height)
        return 0;
    return error_set(error, ERROR_RECORD, "%s%s is %lld x %lld pixels, its true segments %u x %u",
                     folder, name, (long long)width, (long long)height, truth->width,
                     truth->height);
}

static int eval_generated(struct eval_scores *scores, struct mm_segmenter *segmenter,
                          const struct segments *truth, struct error *error)
{
    struct mm_masks *generated;
    struct mm_error failure = {0};
    if (mm_segmenter_generate(segmenter, NULL, NULL, &generated, &failure))
        return segmenter_error(error, &failure);
    size_t count = mm_masks_count(generated);
    struct eval_mask *masks = memory_new(count, sizeof *masks, "masks", error);
    for (size_t i = 0; masks && i < count; i++)
        masks[i] = borrow(generated, i);
    int status = masks ? eval_masks(scores, truth, masks, count, error) : -1;
    memory_free(masks);
    mm_masks_free(generated);
    return status;
}

/* Evaluates the model on one image: clicks and automatic masks. */
static int eval_model(const struct evaluator *evaluator, const char *path,
                      const struct segments *truth, struct eval_scores *scores, struct error *error)
{
    struct mm_image image = {{0}};
    const struct image_input file = {path, -1};
    int status = image_pool_read(evaluator->pool, &file, &image.pixels, error);
    if (status == 0)
        status = check_size(truth, image.pixels.width, image.pixels.height, "", path, error);
    if (status == 0)
        status = segmenter_set_image(evaluator->segmenter, &image, error);
    if (status == 0)
        status = eval_clicks(scores, evaluator->segmenter, truth, error);
    if (status == 0)
        status = eval_generated(scores, evaluator->segmenter, truth, error);
    image_free(&image.pixels);
    return status;
}

/* A key or path with the extension ".json". Freed by free(3). */
static char *record_name(const char *key, struct error *error)
{
    char *name;
    int made = asprintf(&name, "%.*s.json", (int)list_stem(key), key);
    if (made < 0)
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", key);
    return made < 0 ? NULL : name;
}

/* Evaluates a record of masks that some tool wrote. */
static int eval_record(const struct evaluator *evaluator, const char *key,
                       const struct segments *truth, struct eval_scores *scores,
                       struct error *error)
{
    struct segments found = {.max_pixels = evaluator->max_pixels};
    struct eval_mask *masks = NULL;
    char *name = record_name(key, error);
    int status = name ? segments_read(&found, evaluator->masks, name, error) : -1;
    if (status == 0)
        status =
            check_size(truth, found.width, found.height, evaluator->masks->prefix, name, error);
    if (status == 0 && !(masks = memory_new(found.count, sizeof *masks, "masks", error)))
        status = -1;
    for (size_t i = 0; status == 0 && i < found.count; i++)
        masks[i] = (struct eval_mask){found.items[i].rle, found.items[i].predicted_iou};
    if (status == 0)
        status = eval_masks(scores, truth, masks, found.count, error);
    memory_free(masks);
    segments_free(&found);
    free(name);
    return status;
}

static int read_truth(const struct evaluator *evaluator, const char *path, struct segments *truth,
                      struct error *error)
{
    char *record = record_name(path, error);
    int status = record ? segments_read(truth, NULL, record, error) : -1;
    if (status == 0 && segments_choose(truth, evaluator->annotator, error))
        status = error_prefix(error, "%s", record);
    free(record);
    return status;
}

int eval_pair(struct evaluator *evaluator, const char *path, const char *key, struct error *error)
{
    struct segments truth = {.max_pixels = evaluator->max_pixels};
    struct eval_scores scores = evaluator->scores;
    int status = read_truth(evaluator, path, &truth, error);
    if (status == 0)
        status = evaluator->masks ? eval_record(evaluator, key, &truth, &scores, error)
                                  : eval_model(evaluator, path, &truth, &scores, error);
    uint64_t empty = truth.empty;
    segments_free(&truth);
    if (status) {
        evaluator->scores.failed++;
        return -1;
    }
    scores.images++;
    scores.empty_segments += empty;
    evaluator->scores = scores;
    return 0;
}
