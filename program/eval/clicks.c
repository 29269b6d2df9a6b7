#include "program/eval/clicks.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/centre.h"
#include "include/maskmill.h"
#include "library/mm_handles.h"
#include "model/sam.h"
#include "program/eval/eval_image.h"
#include "program/eval/segments.h"
#include "program/segmenter.h"
#include "rle/combine.h"
#include "rle/rle.h"

/* Segments whose clicks go on side by side: with ViT's logits of 256 KiB, their three masks take
 * 48 MiB. */
enum { ROUND = 64 };

/* A segment that is clicked. */
struct target {
    const struct segment *segment;
    struct eval_segment *outcome;
    int count;                         /* clicks so far */
    double points[EVAL_CLICKS_MAX][2]; /* x, y */
    int labels[EVAL_CLICKS_MAX];       /* 1 foreground, 0 background */
    float *logits;                     /* [low_size][low_size] of the last mask; borrowed */
    struct rle mask;                   /* the last one; owned */
    bool done;                         /* it is the segment */
};

/* The segments of a round. */
struct clicking {
    struct mm_segmenter *segmenter;
    const struct eval_image *image;
    struct target targets[ROUND];
    struct target *asked[ROUND]; /* those with a prompt in the call at work */
    struct mm_prompt prompts[ROUND];
    size_t count, asked_count;
    float *logits; /* [ROUND][low_size][low_size]; owned; NULL where the model takes none */
    size_t plane;
};

/* The centre of the pixels of `a` that are not in `b`, and its distance squared; 0: there is none. */
static int wrong_centre(const struct rle *a, const struct rle *b, int32_t at[2], int64_t *squared,
                        struct error *error)
{
    struct rle wrong = {0};
    int status = rle_combine(&wrong, a, b, RLE_DIFFERENCE, error);
    *squared = 0;
    if (status == 0 && rle_area(&wrong) > 0)
        status = mask_centre(&wrong, &at[0], &at[1], squared, error);
    rle_free(&wrong);
    return status;
}

int click_next(const struct rle *truth, const struct rle *mask, double point[2], int *label,
               struct error *error)
{
    int32_t missed[2] = {0}, extra[2] = {0};
    int64_t missed_distance, extra_distance;
    if (wrong_centre(truth, mask, missed, &missed_distance, error) ||
        wrong_centre(mask, truth, extra, &extra_distance, error))
        return -1;
    *label = missed_distance > extra_distance;
    point[0] = *label ? missed[0] : extra[0];
    point[1] = *label ? missed[1] : extra[1];
    return missed_distance > 0 || extra_distance > 0;
}

/* The mask's runs, borrowed. */
static struct rle runs_of(const struct mm_mask *mask)
{
    return (struct rle){.width = (uint32_t)mask->width,
                        .height = (uint32_t)mask->height,
                        .length = mask->run_count,
                        .counts = (uint32_t *)mask->runs}; /* only read */
}

/* Makes a mask the one that the next click corrects. */
static int carry(struct clicking *clicking, struct target *target, const struct mm_mask *mask,
                 struct error *error)
{
    const struct rle runs = runs_of(mask);
    rle_free(&target->mask);
    if (rle_copy(&target->mask, &runs, error))
        return -1;
    if (target->logits)
        memcpy(target->logits, mask->logits, clicking->plane * sizeof(float));
    return 0;
}

/* Keeps what the three masks of a first click are worth. */
static int take_first(struct clicking *clicking, struct target *target,
                      const struct mm_masks *masks, size_t first, struct error *error)
{
    struct eval_segment *outcome = target->outcome;
    struct mm_mask chosen = mm_masks_get(masks, first);
    outcome->choices = EVAL_CHOICES;
    for (int m = 0; m < EVAL_CHOICES; m++) {
        const struct mm_mask mask = mm_masks_get(masks, first + (size_t)m);
        const struct rle runs = runs_of(&mask);
        outcome->predicted[m] = mask.predicted_iou;
        outcome->iou[m] = rle_iou(&runs, &target->segment->rle);
        if (mask.predicted_iou > chosen.predicted_iou)
            chosen = mask;
    }
    return clicking->image->clicks > 1 ? carry(clicking, target, &chosen, error) : 0;
}

/* Keeps what the one mask of a later click is worth, for this click and those to come. */
static int take_later(struct clicking *clicking, struct target *target, const struct mm_mask *mask,
                      struct error *error)
{
    const struct rle runs = runs_of(mask);
    const double iou = rle_iou(&runs, &target->segment->rle);
    for (int c = target->count - 2; c < EVAL_CLICKS_MAX - 1; c++)
        target->outcome->later[c] = iou;
    return carry(clicking, target, mask, error);
}

static int place_click(struct target *target, struct error *error)
{
    double *point = target->points[target->count];
    int *label = &target->labels[target->count];
    const struct rle *truth = &target->segment->rle;
    if (target->count > 0) {
        const int wrong = click_next(truth, &target->mask, point, label, error);
        target->done = wrong == 0;
        target->count += wrong > 0;
        return wrong < 0 ? -1 : 0;
    }
    int32_t x, y;
    if (mask_centre(truth, &x, &y, NULL, error))
        return -1;
    point[0] = x;
    point[1] = y;
    *label = 1;
    target->count = 1;
    return 0;
}

/* Makes the prompts of the next click, of all segments that need one. */
static int ask(struct clicking *clicking, struct error *error)
{
    clicking->asked_count = 0;
    for (size_t i = 0; i < clicking->count; i++) {
        struct target *target = &clicking->targets[i];
        if (!target->done && place_click(target, error))
            return -1;
        if (target->done)
            continue;
        clicking->prompts[clicking->asked_count] = (struct mm_prompt){
            .points = target->points[0],
            .labels = target->labels,
            .point_count = target->count,
            .logits = target->count > 1 ? target->logits : NULL,
            .single = target->count > 1,
        };
        clicking->asked[clicking->asked_count++] = target;
    }
    return 0;
}

static int take(struct clicking *clicking, const struct mm_masks *masks, struct error *error)
{
    size_t at = 0;
    for (size_t i = 0; i < clicking->asked_count; i++) {
        struct target *target = clicking->asked[i];
        const struct mm_mask mask = mm_masks_get(masks, at);
        if (target->count == 1 ? take_first(clicking, target, masks, at, error)
                               : take_later(clicking, target, &mask, error))
            return -1;
        at += target->count == 1 ? EVAL_CHOICES : 1;
    }
    return 0;
}

/* What a mask that already is the segment keeps for the clicks that it does not get. */
static void fill_later(const struct clicking *clicking)
{
    for (size_t i = 0; i < clicking->count; i++) {
        const struct target *target = &clicking->targets[i];
        if (target->done && target->count == 1)
            for (int c = 0; c < EVAL_CLICKS_MAX - 1; c++)
                target->outcome->later[c] = 1;
    }
}

static int click_round(struct clicking *clicking, struct error *error)
{
    for (int click = 0; click < clicking->image->clicks; click++) {
        struct mm_masks *masks;
        if (ask(clicking, error))
            return -1;
        if (clicking->asked_count == 0)
            break;
        if (mm_segmenter_predict_logits(clicking->segmenter, clicking->prompts,
                                        clicking->asked_count, &masks, error))
            return -1;
        const int status = take(clicking, masks, error);
        mm_masks_free(masks);
        if (status)
            return -1;
    }
    fill_later(clicking);
    return 0;
}

/* Measures the boxes of the round's segments. */
static int box_round(struct clicking *clicking, struct error *error)
{
    double boxes[ROUND][4];
    struct mm_masks *masks;
    struct mm_error failure = {0};
    for (size_t i = 0; i < clicking->count; i++) {
        const struct box box = clicking->targets[i].segment->box;
        /* Outer edges, as COCO's boxes have them: the last column and row are inside. */
        const double edges[4] = {box.x0, box.y0, box.x1 + 1, box.y1 + 1};
        memcpy(boxes[i], edges, sizeof edges);
        clicking->prompts[i] = (struct mm_prompt){.box = boxes[i], .single = true};
    }
    if (mm_segmenter_predict_many(clicking->segmenter, clicking->prompts, clicking->count, &masks,
                                  &failure))
        return segmenter_error(error, &failure);
    for (size_t i = 0; i < clicking->count; i++) {
        const struct mm_mask mask = mm_masks_get(masks, i);
        const struct rle runs = runs_of(&mask);
        clicking->targets[i].outcome->box = rle_iou(&runs, &clicking->targets[i].segment->rle);
    }
    mm_masks_free(masks);
    return 0;
}

/* Fills the next round from truth->items[*next...]. */
static void begin_round(struct clicking *clicking, const struct segments *truth,
                        struct eval_image *image, size_t *next)
{
    clicking->count = 0;
    for (; *next < truth->count && clicking->count < ROUND; ++*next) {
        if (image->segments[*next].crowd)
            continue;
        const size_t i = clicking->count++;
        clicking->targets[i] = (struct target){
            .segment = &truth->items[*next],
            .outcome = &image->segments[*next],
            .logits = clicking->logits ? clicking->logits + i * clicking->plane : NULL,
        };
    }
}

static int all_rounds(struct clicking *clicking, const struct segments *truth,
                      struct eval_image *image, struct error *error)
{
    int status = 0;
    for (size_t next = 0; status == 0 && next < truth->count;) {
        begin_round(clicking, truth, image, &next);
        if (clicking->count == 0)
            break;
        if (image->clicks > 0)
            status = click_round(clicking, error);
        if (status == 0 && image->boxes)
            status = box_round(clicking, error);
        for (size_t i = 0; i < clicking->count; i++)
            rle_free(&clicking->targets[i].mask);
    }
    return status;
}

int click_segments(struct mm_segmenter *segmenter, const struct segments *truth,
                   struct eval_image *image, struct error *error)
{
    const struct sam_info *info = sam_info(mm_model_sam(mm_segmenter_model(segmenter)));
    struct clicking *clicking = memory_new(1, sizeof *clicking, "clicks", error);
    int status = clicking ? 0 : -1;
    if (clicking) {
        clicking->segmenter = segmenter;
        clicking->image = image;
        clicking->plane = (size_t)info->low_size * (size_t)info->low_size;
        if (image->clicks > 1 && info->takes_masks &&
            !(clicking->logits =
                  memory_new(ROUND, clicking->plane * sizeof(float), "logits", error)))
            status = -1;
    }
    if (status == 0)
        status = all_rounds(clicking, truth, image, error);
    if (clicking)
        memory_free(clicking->logits);
    memory_free(clicking);
    return status;
}
