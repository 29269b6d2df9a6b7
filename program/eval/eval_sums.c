#include "program/eval/eval_sums.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"

const size_t recall_limits[RECALL_LIMITS] = {10, 100, 1000};
const int eval_levels[EVAL_LEVELS] = {50, 75};

/* An image's matches while it is added. */
struct matches {
    struct recall_segment *segments; /* [segment_count] */
    struct recall_mask *masks;       /* [mask_count], at most RECALL_MASKS_MAX */
    double (*scores)[EVAL_LEVELS];   /* [segment_count]: highest score of a mask that reaches the
                                        level with the segment; -INFINITY: none does */
};

static void matches_free(struct matches *matches)
{
    memory_free(matches->segments);
    memory_free(matches->masks);
    memory_free(matches->scores);
}

/* The masks of an image that take part in COCO's matching. */
static size_t matched_masks(const struct eval_image *image)
{
    return image->mask_count < RECALL_MASKS_MAX ? image->mask_count : RECALL_MASKS_MAX;
}

static void find_scores(const struct eval_image *image, double (*scores)[EVAL_LEVELS])
{
    for (size_t s = 0; s < image->segment_count; s++)
        for (int level = 0; level < EVAL_LEVELS; level++)
            scores[s][level] = -INFINITY;
    for (size_t i = 0; i < image->overlap_count; i++) {
        const struct eval_overlap *overlap = &image->overlaps[i];
        const double score = image->masks[overlap->mask].score;
        for (int level = 0; level < EVAL_LEVELS; level++)
            if (overlap->iou >= eval_levels[level] / 100.0 &&
                score > scores[overlap->segment][level])
                scores[overlap->segment][level] = score;
    }
}

static int find_matches(const struct eval_image *image, struct matches *matches,
                        struct error *error)
{
    const size_t segments = image->segment_count;
    if (!(matches->segments = memory_new(segments, sizeof *matches->segments, "ranks", error)) ||
        !(matches->masks =
              memory_new(matched_masks(image), sizeof *matches->masks, "matches", error)) ||
        !(matches->scores = memory_new(segments, sizeof *matches->scores, "scores", error)) ||
        recall_match(image, matches->segments, matches->masks, error))
        return -1;
    find_scores(image, matches->scores);
    return 0;
}

static void add_correlation(struct eval_correlation *sums, double x, double y)
{
    sums->count++;
    sums->x += x;
    sums->y += y;
    sums->xx += x * x;
    sums->yy += y * y;
    sums->xy += x * y;
}

/* The IoU of the first click's mask with the highest predicted IoU, and of its best mask. */
static double best_scored(const struct eval_segment *segment, double *best)
{
    int chosen = 0;
    *best = 0;
    for (int m = 0; m < segment->choices; m++) {
        if (segment->predicted[m] > segment->predicted[chosen])
            chosen = m;
        if (segment->iou[m] > *best)
            *best = segment->iou[m];
    }
    return segment->iou[chosen];
}

static void add_prompts(struct eval_prompted *sums, const struct eval_image *image,
                        const struct eval_segment *segment)
{
    if (image->boxes) {
        sums->boxes++;
        sums->box += segment->box;
    }
    if (segment->choices == 0)
        return;
    double best;
    sums->clicked[0] += best_scored(segment, &best);
    sums->best_of_3 += best;
    for (int c = 0; c < image->clicks; c++) {
        sums->segments[c]++;
        if (c > 0)
            sums->clicked[c] += segment->later[c - 1];
    }
}

static void add_ranks(struct eval_recall *recall, const int16_t *rank)
{
    recall->segments++;
    for (int limit = 0; limit < RECALL_LIMITS; limit++)
        for (int t = 0; t < RECALL_THRESHOLDS; t++)
            if (rank[t] >= 0 && (size_t)rank[t] < recall_limits[limit])
                recall->found[limit][t]++;
}

/* Whether --pred-iou-thresh keeps a mask of this score. */
static bool passes(double score, int point)
{
    return mask_iou_passes((float)score, eval_curve_threshold(point));
}

static void add_segment(struct eval_sums *sums, const struct eval_image *image, size_t s,
                        const struct matches *matches)
{
    const struct eval_segment *segment = &image->segments[s];
    if (segment->crowd)
        return;
    for (int m = 0; m < segment->choices; m++)
        add_correlation(&sums->correlation, segment->predicted[m], segment->iou[m]);
    for (int range = 0; range < RANGES; range++) {
        if (!eval_range_has((enum eval_range)range, segment->area))
            continue;
        add_prompts(&sums->prompted[range], image, segment);
        add_ranks(&sums->recall[range], matches->segments[s].rank[range]);
        for (int point = 0; point < CURVE_POINTS; point++)
            for (int level = 0; level < EVAL_LEVELS; level++)
                if (matches->scores[s][level] > -INFINITY &&
                    passes(matches->scores[s][level], point))
                    sums->curve[range][point].found[level]++;
    }
}

static void add_mask(struct eval_sums *sums, const struct eval_mask *mask)
{
    sums->masks++;
    for (int range = 0; range < RANGES; range++) {
        if (!eval_range_has((enum eval_range)range, mask->area))
            continue;
        for (int level = 0; level < EVAL_LEVELS; level++) {
            const bool right = mask->best >= eval_levels[level] / 100.0;
            if (!right && mask->crowded >= eval_levels[level] / 100.0)
                continue;
            for (int point = 0; point < CURVE_POINTS && passes(mask->score, point); point++) {
                sums->curve[range][point].masks[level]++;
                sums->curve[range][point].right[level] += right;
            }
        }
    }
}

static void add_masks(struct eval_sums *sums, const struct eval_image *image,
                      const struct matches *matches)
{
    for (size_t m = 0; m < image->mask_count; m++)
        add_mask(sums, &image->masks[m]);
    for (size_t m = 0; m < matched_masks(image); m++) {
        const size_t place = sums->detection_count++;
        sums->detections[place] =
            (struct eval_detection){image->masks[m].score, place, matches->masks[m]};
    }
}

int eval_sums_add(struct eval_sums *sums, const struct eval_image *image, int32_t category,
                  struct error *error)
{
    const bool all = category == EVAL_ALL_CATEGORIES;
    struct matches matches = {0};
    int status = find_matches(image, &matches, error);
    if (status == 0 && all)
        status = memory_grow((void **)&sums->detections, &sums->detection_capacity,
                             sums->detection_count + matched_masks(image), sizeof *sums->detections,
                             error);
    if (status == 0) {
        sums->of_category = !all;
        sums->images++;
        for (size_t s = 0; s < image->segment_count; s++)
            if (all || image->segments[s].category == category)
                add_segment(sums, image, s, &matches);
        if (all) {
            sums->empty_segments += image->empty_segments;
            add_masks(sums, image, &matches);
        }
    }
    matches_free(&matches);
    return status;
}

void eval_sums_free(struct eval_sums *sums)
{
    free(sums->detections);
    *sums = (struct eval_sums){0};
}

static double mean(double sum, uint64_t count)
{
    return count ? sum / (double)count : (double)NAN;
}

double eval_miou(const struct eval_sums *sums, enum eval_range range, int clicks)
{
    const struct eval_prompted *prompted = &sums->prompted[range];
    return mean(prompted->clicked[clicks - 1], prompted->segments[clicks - 1]);
}

double eval_miou_best_of_3(const struct eval_sums *sums, enum eval_range range)
{
    return mean(sums->prompted[range].best_of_3, sums->prompted[range].segments[0]);
}

double eval_miou_box(const struct eval_sums *sums, enum eval_range range)
{
    return mean(sums->prompted[range].box, sums->prompted[range].boxes);
}

double eval_pearson(const struct eval_sums *sums)
{
    const struct eval_correlation *c = &sums->correlation;
    const double xx = c->count * c->xx - c->x * c->x;
    const double yy = c->count * c->yy - c->y * c->y;
    const double xy = c->count * c->xy - c->x * c->y;
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

double eval_average_recall(const struct eval_sums *sums, enum eval_range range, int limit,
                           int thresholds)
{
    uint64_t found = 0;
    for (int t = 0; t < thresholds; t++)
        found += sums->recall[range].found[limit][t];
    return mean((double)found / thresholds, sums->recall[range].segments);
}

static int compare_detections(const void *a, const void *b)
{
    const struct eval_detection *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Mean precision at 101 recalls, 0 to 1, at one threshold: each the highest precision at that recall or
 * above, 0 beyond the last. The detections are sorted. Goes backwards, so the sums start with all. */
static double interpolate(const struct eval_sums *sums, enum eval_range range, int threshold)
{
    enum { STEPS = 100 };
    const unsigned bit = 1u << threshold;
    const double segments = (double)sums->recall[range].segments;
    uint64_t right = 0, wrong = 0;
    for (size_t i = 0; i < sums->detection_count; i++) {
        const struct recall_mask *found = &sums->detections[i].found;
        const bool hit = found->right[range] & bit, ignored = found->ignored[range] & bit;
        right += hit;
        wrong += !hit && !ignored;
    }
    int step = STEPS;
    double sum = 0, highest = 0;
    while (step >= 0 && (double)right / segments < step * 0.01)
        step--;
    for (size_t i = sums->detection_count; i-- > 0;) {
        const struct recall_mask *found = &sums->detections[i].found;
        const bool hit = found->right[range] & bit, ignored = found->ignored[range] & bit;
        if (right)
            highest = fmax(highest, (double)right / ((double)(right + wrong) + 0x1p-52));
        right -= hit;
        wrong -= !hit && !ignored;
        /* This detection is the first with a recall that those before do not reach. */
        for (; step >= 0 && (i == 0 || (double)right / segments < step * 0.01); step--)
            sum += highest;
    }
    return sum / (STEPS + 1);
}

double eval_average_precision(struct eval_sums *sums, enum eval_range range, int first, int count)
{
    double sum = 0;
    if (sums->recall[range].segments == 0 || sums->of_category)
        return (double)NAN;
    qsort(sums->detections, sums->detection_count, sizeof *sums->detections, compare_detections);
    for (int t = first; t < first + count; t++)
        sum += interpolate(sums, range, t);
    return sum / count;
}

double eval_curve_threshold(int point)
{
    return point / 20.0;
}

double eval_precision(const struct eval_sums *sums, enum eval_range range, int point, int level)
{
    const struct eval_curve_point *at = &sums->curve[range][point];
    return mean((double)at->right[level], at->masks[level]);
}

double eval_recall(const struct eval_sums *sums, enum eval_range range, int point, int level)
{
    return mean((double)sums->curve[range][point].found[level], sums->recall[range].segments);
}
