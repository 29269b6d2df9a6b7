#include "program/eval/eval.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/geometry.h"
#include "base/memory.h"
#include "filters/centre.h"
#include "filters/mask.h"
#include "images/image.h"
#include "jobs/list.h"
#include "pipeline/generate.h"
#include "pipeline/predictor.h"
#include "program/eval/segments.h"
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

/* Adds the three masks of one click to the sums. */
static void evaluate_click(struct eval_scores *scores, const struct mask_list *masks,
                           const struct segment *segment)
{
    struct eval_clicks *clicks = &scores->clicks[segment_size(segment->area)];
    double best = 0, scored = 0;
    float highest = 0;
    for (size_t m = 0; m < masks->count; m++) {
        double iou = rle_iou(&masks->items[m].rle, &segment->rle);
        correlate(&scores->correlation, masks->items[m].predicted_iou, iou);
        if (iou > best)
            best = iou;
        if (m == 0 || masks->items[m].predicted_iou > highest) {
            highest = masks->items[m].predicted_iou;
            scored = iou;
        }
    }
    clicks->clicks++;
    clicks->best_of_3 += best;
    clicks->best_scored += scored;
}

int eval_clicks(struct eval_scores *scores, struct predictor *predictor,
                const struct segments *truth, struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < truth->count; i++) {
        struct mask_list masks = {0};
        int32_t x, y;
        status = mask_centre(&truth->items[i].rle, &x, &y, NULL, error);
        const double point[2] = {x, y};
        const struct predictor_prompt click = {.points = point, .point_count = 1};
        if (status == 0)
            status = predictor_predict(predictor, &click, &masks, error);
        if (status == 0)
            evaluate_click(scores, &masks, &truth->items[i]);
        mask_list_free(&masks);
    }
    return status;
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

/* iou[count][truth->count] */
static void overlap(const struct segments *truth, const struct eval_mask *masks, size_t count,
                    double *iou)
{
    for (size_t m = 0; m < count; m++) {
        struct box box = rle_box(masks[m].rle);
        for (size_t s = 0; s < truth->count; s++, iou++)
            *iou = box_meets(box, truth->items[s].box) ? rle_iou(masks[m].rle, &truth->items[s].rle)
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

static int check_size(const struct segments *truth, int64_t width, int64_t height, const char *what,
                      struct error *error)
{
    if (width == truth->width && height == truth->height)
        return 0;
    return error_set(error, ERROR_RECORD, "%s is %lld x %lld pixels, its true segments %u x %u",
                     what, (long long)width, (long long)height, truth->width, truth->height);
}

static int eval_generated(struct eval_scores *scores, struct generator *generator,
                          const struct image *image, const struct segments *truth,
                          struct error *error)
{
    struct mask_list list = {0};
    int status = generate(generator, image, &list, error);
    struct eval_mask *masks =
        status == 0 ? memory_new(list.count, sizeof *masks, "masks", error) : NULL;
    for (size_t i = 0; masks && i < list.count; i++)
        masks[i] = (struct eval_mask){&list.items[i].rle, list.items[i].predicted_iou};
    status = masks ? eval_masks(scores, truth, masks, list.count, error) : -1;
    memory_free(masks);
    mask_list_free(&list);
    return status;
}

/* Evaluates the model on one image: clicks and automatic masks. */
static int eval_model(const struct evaluator *evaluator, const char *path,
                      const struct segments *truth, struct eval_scores *scores, struct error *error)
{
    struct image image = {0};
    int status = image_read(path, NULL, &image, error);
    if (status == 0)
        status = check_size(truth, image.width, image.height, path, error);
    if (status == 0 && evaluator->predictor)
        status = generator_encode(evaluator->generator, &image, error);
    if (status == 0 && evaluator->predictor)
        status = eval_clicks(scores, evaluator->predictor, truth, error);
    if (status == 0)
        status = eval_generated(scores, evaluator->generator, &image, truth, error);
    image_free(&image);
    return status;
}

/* FOLDER/KEY with the extension ".json"; without a folder KEY alone. Freed by free(3). */
static char *record_path(const char *folder, const char *key, struct error *error)
{
    char *path;
    int made = asprintf(&path, "%s%s%.*s.json", folder ? folder : "", folder ? "/" : "",
                        (int)list_stem(key), key);
    if (made < 0)
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", key);
    return made < 0 ? NULL : path;
}

/* Evaluates a record of masks that some tool wrote. */
static int eval_record(const struct evaluator *evaluator, const char *key,
                       const struct segments *truth, struct eval_scores *scores,
                       struct error *error)
{
    struct segments found = {0};
    struct eval_mask *masks = NULL;
    char *path = record_path(evaluator->masks, key, error);
    int status = path ? segments_read(&found, path, error) : -1;
    if (status == 0)
        status = check_size(truth, found.width, found.height, path, error);
    if (status == 0 && !(masks = memory_new(found.count, sizeof *masks, "masks", error)))
        status = -1;
    for (size_t i = 0; status == 0 && i < found.count; i++)
        masks[i] = (struct eval_mask){&found.items[i].rle, found.items[i].predicted_iou};
    if (status == 0)
        status = eval_masks(scores, truth, masks, found.count, error);
    memory_free(masks);
    segments_free(&found);
    free(path);
    return status;
}

static int read_truth(const struct evaluator *evaluator, const char *path, struct segments *truth,
                      struct error *error)
{
    char *record = record_path(NULL, path, error);
    int status = record ? segments_read(truth, record, error) : -1;
    if (status == 0 && segments_choose(truth, evaluator->annotator, error))
        status = error_prefix(error, "%s", record);
    free(record);
    return status;
}

int eval_pair(struct evaluator *evaluator, const char *path, const char *key, struct error *error)
{
    struct segments truth = {0};
    struct eval_scores scores = evaluator->scores;
    int status = read_truth(evaluator, path, &truth, error);
    if (status == 0)
        status = evaluator->masks ? eval_record(evaluator, key, &truth, &scores, error)
                                  : eval_model(evaluator, path, &truth, &scores, error);
    segments_free(&truth);
    if (status) {
        evaluator->scores.failed++;
        return -1;
    }
    scores.images++;
    evaluator->scores = scores;
    return 0;
}
