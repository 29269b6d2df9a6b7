#include "filters/nms.h"

#include <math.h>
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

int nms_rank_masks(const struct mask_list *list, size_t *order, struct error *error)
{
    float *scores = memory_new(list->count, sizeof *scores, "scores of masks", error);
    if (!scores)
        return -1;
    for (size_t i = 0; i < list->count; i++)
        scores[i] = list->items[i].predicted_iou;
    int status = nms_rank(scores, list->count, order, error);
    memory_free(scores);
    return status;
}

static float min_float(float a, float b)
{
    return a < b ? a : b;
}

static float max_float(float a, float b)
{
    return a > b ? a : b;
}

/* Boxes as a struct of arrays, so that one box is compared with many at a time. */
struct columns {
    float *x0, *y0, *x1, *y1, *area; /* the first is owned; [count] each */
};

static int columns_init(struct columns *columns, size_t count, struct error *error)
{
    columns->x0 = memory_new(count, 5 * sizeof(float), "boxes of masks", error);
    if (!columns->x0)
        return -1;
    columns->y0 = columns->x0 + count;
    columns->x1 = columns->y0 + count;
    columns->y1 = columns->x1 + count;
    columns->area = columns->y1 + count;
    return 0;
}

static void set_box(struct columns *columns, size_t i, struct box box)
{
    columns->x0[i] = (float)box.x0;
    columns->y0[i] = (float)box.y0;
    columns->x1[i] = (float)box.x1;
    columns->y1[i] = (float)box.y1;
    columns->area[i] = (columns->x1[i] - columns->x0[i]) * (columns->y1[i] - columns->y0[i]);
}

/* Whether box i has an IoU above `threshold` with any of boxes first .. end - 1. No branches, so
 * that the compiler vectorises the loop. */
static bool overlaps_any(const struct columns *columns, size_t i, size_t first, size_t end,
                         float threshold)
{
    float x0 = columns->x0[i], y0 = columns->y0[i], x1 = columns->x1[i], y1 = columns->y1[i];
    float area = columns->area[i];
    int any = 0;
    for (size_t j = first; j < end; j++) {
        float width = min_float(columns->x1[j], x1) - max_float(columns->x0[j], x0);
        float height = min_float(columns->y1[j], y1) - max_float(columns->y0[j], y0);
        float both = max_float(width, 0) * max_float(height, 0);
        any |= both / (columns->area[j] + area - both) > threshold;
    }
    return any;
}

/* The largest float not above `threshold`: a float is above one if and only if it is above the
 * other. */
static float round_down(double threshold)
{
    float rounded = (float)threshold;
    return (double)rounded > threshold ? nextafterf(rounded, -INFINITY) : rounded;
}

bool nms_boxes_similar(struct box one, struct box other, double threshold)
{
    float pair[5 * 2]; /* x0, y0, x1, y1, area of both */
    struct columns columns = {pair, pair + 2, pair + 4, pair + 6, pair + 8};
    set_box(&columns, 0, one);
    set_box(&columns, 1, other);
    return overlaps_any(&columns, 1, 0, 1, round_down(threshold));
}

int nms_boxes(const struct nms_input *input, double threshold, size_t *keep, size_t *kept,
              struct error *error)
{
    enum { BLOCK = 128 };
    struct columns best = {0}; /* the kept boxes, followed by the current one */
    float limit = round_down(threshold);
    *kept = 0;
    size_t *order = memory_new(input->count, sizeof *order, "ranking of masks", error);
    int status = -1;
    if (order && columns_init(&best, input->count, error) == 0)
        status = nms_rank(input->scores, input->count, order, error);
    for (size_t i = 0; status == 0 && i < input->count; i++) {
        bool alone = true;
        set_box(&best, *kept, input->boxes[order[i]]);
        for (size_t j = 0; alone && j < *kept; j += BLOCK)
            alone = !overlaps_any(&best, *kept, j, *kept - j < BLOCK ? *kept : j + BLOCK, limit);
        if (alone)
            keep[(*kept)++] = order[i];
    }
    memory_free(order);
    memory_free(best.x0);
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
        const struct nms_input input = {boxes, scores, list->count};
        size_t kept;
        status = nms_boxes(&input, threshold, keep, &kept, error);
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
