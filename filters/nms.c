#include "filters/nms.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"

struct ranked {
    float score;
    size_t index;
};

static int by_falling_score(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

int nms_rank(const float *scores, size_t count, size_t *order, struct error *error)
{
    struct ranked *ranked = memory_new(count, sizeof *ranked, "ranking of masks", error);
    if (!ranked)
        return -1;
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){scores[i], i};
    qsort(ranked, count, sizeof *ranked, by_falling_score);
    for (size_t i = 0; i < count; i++)
        order[i] = ranked[i].index;
    memory_free(ranked);
    return 0;
}

static float min_float(float a, float b)
{
    return a < b ? a : b;
}

static float max_float(float a, float b)
{
    return a > b ? a : b;
}

struct float_box {
    float x0, y0, x1, y1, area;
};

static struct float_box to_float(struct box box)
{
    struct float_box f = {(float)box.x0, (float)box.y0, (float)box.x1, (float)box.y1, 0};
    f.area = (f.x1 - f.x0) * (f.y1 - f.y0);
    return f;
}

static float box_iou(const struct float_box *a, const struct float_box *b)
{
    float width = max_float(0, min_float(a->x1, b->x1) - max_float(a->x0, b->x0));
    float height = max_float(0, min_float(a->y1, b->y1) - max_float(a->y0, b->y0));
    float both = width * height;
    return both / (a->area + b->area - both);
}

int nms_boxes(const struct box *boxes, const float *scores, size_t count, double threshold,
              size_t *keep, size_t *kept, struct error *error)
{
    *kept = 0;
    struct float_box *best = memory_new(count, sizeof *best, "boxes of masks", error);
    size_t *order = memory_new(count, sizeof *order, "ranking of masks", error);
    int status = best && order ? nms_rank(scores, count, order, error) : -1;
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct float_box box = to_float(boxes[order[i]]);
        bool alone = true;
        for (size_t j = 0; alone && j < *kept; j++)
            alone = !((double)box_iou(&best[j], &box) > threshold);
        if (alone) {
            best[*kept] = box;
            keep[(*kept)++] = order[i];
        }
    }
    memory_free(order);
    memory_free(best);
    return status;
}

int nms_list(struct mask_list *list, const float *scores, double threshold, struct error *error)
{
    struct box *boxes = memory_new(list->count, sizeof *boxes, "boxes of masks", error);
    size_t *keep = memory_new(list->count, sizeof *keep, "kept masks", error);
    int status = -1;
    if (boxes && keep) {
        for (size_t i = 0; i < list->count; i++)
            boxes[i] = list->items[i].box;
        size_t kept;
        status = nms_boxes(boxes, scores, list->count, threshold, keep, &kept, error);
        if (status == 0)
            status = mask_list_select(list, keep, kept, error);
    }
    memory_free(keep);
    memory_free(boxes);
    return status;
}

int nms_within_crop(struct mask_list *list, double threshold, struct error *error)
{
    float *scores = memory_new(list->count, sizeof *scores, "scores of masks", error);
    if (!scores)
        return -1;
    for (size_t i = 0; i < list->count; i++)
        scores[i] = list->items[i].predicted_iou;
    int status = nms_list(list, scores, threshold, error);
    memory_free(scores);
    return status;
}

int nms_across_crops(struct mask_list *list, double threshold, struct error *error)
{
    float *scores = memory_new(list->count, sizeof *scores, "scores of masks", error);
    if (!scores)
        return -1;
    for (size_t i = 0; i < list->count; i++) {
        struct rect crop = list->items[i].crop;
        scores[i] = 1.0f / (float)((int64_t)crop.width * crop.height);
    }
    int status = nms_list(list, scores, threshold, error);
    memory_free(scores);
    return status;
}
