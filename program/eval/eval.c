#include "program/eval/eval.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/geometry.h"
#include "base/memory.h"
#include "images/image_pool.h"
#include "include/maskmill.h"
#include "library/mm_handles.h"
#include "program/eval/clicks.h"
#include "program/eval/segments.h"
#include "program/segmenter.h"

int eval_begin(struct eval_image *out, const struct segments *truth, struct error *error)
{
    enum { SEGMENTS_MAX = 1 << 14 }; /* each is compared with every mask */
    if (truth->count > SEGMENTS_MAX)
        return error_set(error, ERROR_RECORD, "%zu true segments are more than the %d of an image",
                         truth->count, SEGMENTS_MAX);
    out->segments = memory_new(truth->count, sizeof *out->segments, "segments", error);
    if (!out->segments)
        return -1;
    out->segment_count = truth->count;
    out->empty_segments = truth->empty;
    for (size_t s = 0; s < truth->count; s++) {
        const struct segment *segment = &truth->items[s];
        out->segments[s] = (struct eval_segment){
            .area = segment->coco_area, .category = segment->category, .crowd = segment->crowd};
    }
    return 0;
}

/* A candidate and where it was, which keeps the order of equal ones. */
struct ranked {
    struct eval_candidate candidate;
    size_t place;
};

static int compare(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->candidate.score != y->candidate.score)
        return x->candidate.score > y->candidate.score ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int rank(struct eval_candidate *candidates, size_t count, struct error *error)
{
    struct ranked *ranked = memory_new(count, sizeof *ranked, "order of masks", error);
    if (!ranked)
        return -1;
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){candidates[i], i};
    qsort(ranked, count, sizeof *ranked, compare);
    for (size_t i = 0; i < count; i++)
        candidates[i] = ranked[i].candidate;
    memory_free(ranked);
    return 0;
}

/* IoU of a mask and a segment; of a crowd region the share of the mask inside it. */
static double overlap(const struct rle *mask, uint64_t area, const struct segment *segment)
{
    if (!segment->crowd)
        return rle_iou(mask, &segment->rle);
    return area ? (double)rle_intersection(mask, &segment->rle) / (double)area : 0;
}

/* Compares mask number m with the segments of all annotators. */
static int compare_mask(struct eval_image *out, size_t *capacity, const struct segments *truth,
                        size_t m, const struct rle *rle, struct error *error)
{
    const double least = 0.5;
    const struct box box = rle_box(rle);
    const uint64_t area = rle_area(rle);
    struct eval_mask *mask = &out->masks[m];
    mask->area = (double)area;
    for (size_t s = 0; s < truth->count + truth->others; s++) {
        const struct segment *segment = &truth->items[s];
        const double share = box_meets(box, segment->box) ? overlap(rle, area, segment) : 0;
        double *most = segment->crowd ? &mask->crowded : &mask->best;
        if (share > *most)
            *most = share;
        if (s >= truth->count || share < least)
            continue;
        if (memory_grow((void **)&out->overlaps, capacity, out->overlap_count + 1,
                        sizeof *out->overlaps, error))
            return -1;
        out->overlaps[out->overlap_count++] =
            (struct eval_overlap){(uint32_t)m, (uint32_t)s, share};
    }
    return 0;
}

int eval_masks(struct eval_image *out, const struct segments *truth,
               struct eval_candidate *candidates, size_t count, struct error *error)
{
    size_t capacity = 0;
    if (rank(candidates, count, error) ||
        !(out->masks = memory_new(count, sizeof *out->masks, "masks", error)))
        return -1;
    out->mask_count = count;
    for (size_t m = 0; m < count; m++) {
        out->masks[m].score = candidates[m].score;
        if (compare_mask(out, &capacity, truth, m, &candidates[m].rle, error))
            return -1;
    }
    return 0;
}

static int check_size(const struct segments *truth, int64_t width, int64_t height,
                      struct error *error)
{
    if (width == 0 || truth->width == 0) /* no masks on one side, so nothing to compare */
        return 0;
    if (width == truth->width && height == truth->height)
        return 0;
    return error_set(error, ERROR_RECORD, "%lld x %lld pixels, but its true segments are %u x %u",
                     (long long)width, (long long)height, truth->width, truth->height);
}

/* The mask as the comparison takes it. */
static struct eval_candidate borrow(const struct mm_masks *masks, size_t i)
{
    const struct mm_mask mask = mm_masks_get(masks, i);
    return (struct eval_candidate){
        .rle = {.width = (uint32_t)mask.width,
                .height = (uint32_t)mask.height,
                .length = mask.run_count,
                .counts = (uint32_t *)mask.runs}, /* only read */
        .score = mask.predicted_iou,
    };
}

static int eval_generated(struct mm_segmenter *segmenter, const struct segments *truth,
                          struct eval_image *out, struct error *error)
{
    struct mm_masks *generated;
    struct mm_error failure = {0};
    if (mm_segmenter_generate(segmenter, NULL, NULL, &generated, &failure))
        return segmenter_error(error, &failure);
    const size_t count = mm_masks_count(generated);
    struct eval_candidate *candidates = memory_new(count, sizeof *candidates, "masks", error);
    for (size_t i = 0; candidates && i < count; i++)
        candidates[i] = borrow(generated, i);
    const int status = candidates ? eval_masks(out, truth, candidates, count, error) : -1;
    memory_free(candidates);
    mm_masks_free(generated);
    return status;
}

/* Evaluates the model on an image that was read. */
static int eval_read(const struct evaluator *evaluator, const struct mm_image *image,
                     const struct segments *truth, struct eval_image *out, struct error *error)
{
    out->clicks = evaluator->clicks;
    out->boxes = evaluator->boxes;
    return segmenter_set_image(evaluator->segmenter, image, error) ||
                   eval_begin(out, truth, error) ||
                   click_segments(evaluator->segmenter, truth, out, error) ||
                   eval_generated(evaluator->segmenter, truth, out, error)
               ? -1
               : 0;
}

int eval_with_model(const struct evaluator *evaluator, const struct image_input *file,
                    const struct segments *truth, struct eval_image *out, struct error *error)
{
    struct mm_image image = {{0}};
    int status = image_pool_read(evaluator->pool, file, &image.pixels, error);
    if (status == 0) {
        status = check_size(truth, image.pixels.width, image.pixels.height, error);
        if (status)
            error_prefix(error, "%s", file->name);
    }
    if (status == 0)
        status = eval_read(evaluator, &image, truth, out, error);
    image_free(&image.pixels);
    if (status)
        eval_image_free(out);
    return status;
}

int eval_with_masks(const struct segments *found, const struct segments *truth,
                    struct eval_image *out, struct error *error)
{
    if (check_size(truth, found->width, found->height, error))
        return -1;
    struct eval_candidate *candidates =
        memory_new(found->count, sizeof *candidates, "masks", error);
    int status = candidates ? eval_begin(out, truth, error) : -1;
    for (size_t i = 0; status == 0 && i < found->count; i++)
        candidates[i] = (struct eval_candidate){found->items[i].rle, found->items[i].predicted_iou};
    if (status == 0)
        status = eval_masks(out, truth, candidates, found->count, error);
    memory_free(candidates);
    if (status)
        eval_image_free(out);
    return status;
}
