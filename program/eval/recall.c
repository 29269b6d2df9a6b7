#include "program/eval/recall.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

const double recall_thresholds[RECALL_THRESHOLDS] = {
    0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.8999999999999999, 0.95,
};

/* A segment in the order of one range: those that count first. */
struct place {
    bool ignored;
    int32_t category;
    size_t segment;
};

/* An overlap, its segment given by its place in that order. */
struct candidate {
    uint32_t mask;
    size_t place;
    double iou;
};

struct matching {
    const struct eval_image *image;
    struct place *places; /* [segment_count] */
    size_t *place_of;     /* [segment_count] */
    bool *taken;          /* [segment_count], by place */
    struct candidate *candidates;
    size_t candidate_count;
    struct recall_segment *segments;
    struct recall_mask *masks;
    size_t mask_count;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->ignored != y->ignored)
        return x->ignored - y->ignored;
    if (x->category != y->category)
        return x->category < y->category ? -1 : 1;
    return (x->segment > y->segment) - (x->segment < y->segment);
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->mask != y->mask)
        return x->mask < y->mask ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Puts segments and overlaps into the order of a range. */
static void arrange(struct matching *matching, enum eval_range range)
{
    const struct eval_image *image = matching->image;
    for (size_t s = 0; s < image->segment_count; s++) {
        const struct eval_segment *segment = &image->segments[s];
        matching->places[s] = (struct place){
            segment->crowd || !eval_range_has(range, segment->area), segment->category, s};
    }
    qsort(matching->places, image->segment_count, sizeof *matching->places, compare_places);
    for (size_t p = 0; p < image->segment_count; p++)
        matching->place_of[matching->places[p].segment] = p;
    matching->candidate_count = 0;
    for (size_t i = 0; i < image->overlap_count; i++) {
        const struct eval_overlap *overlap = &image->overlaps[i];
        if (overlap->mask < matching->mask_count)
            matching->candidates[matching->candidate_count++] = (struct candidate){
                overlap->mask, matching->place_of[overlap->segment], overlap->iou};
    }
    qsort(matching->candidates, matching->candidate_count, sizeof *matching->candidates,
          compare_candidates);
}

/* The place that one mask takes among its candidates[count], or segment_count for none. */
static size_t choose(const struct matching *matching, const struct candidate *candidates,
                     size_t count, double least)
{
    const size_t none = matching->image->segment_count;
    size_t best = none;
    for (size_t i = 0; i < count; i++) {
        const size_t place = candidates[i].place;
        const struct place *at = &matching->places[place];
        if (matching->taken[place] && !matching->image->segments[at->segment].crowd)
            continue;
        if (best != none && !matching->places[best].ignored && at->ignored)
            break;
        if (candidates[i].iou < least)
            continue;
        least = candidates[i].iou;
        best = place;
    }
    return best;
}

/* Gives the masks their segments at one threshold. */
static void match(struct matching *matching, enum eval_range range, int threshold)
{
    const uint16_t bit = (uint16_t)(1u << threshold);
    const struct eval_image *image = matching->image;
    memset(matching->taken, 0, image->segment_count * sizeof *matching->taken);
    for (size_t m = 0, first = 0, end; m < matching->mask_count; m++, first = end) {
        for (end = first; end < matching->candidate_count && matching->candidates[end].mask == m;)
            end++;
        const size_t best = choose(matching, matching->candidates + first, end - first,
                                   recall_thresholds[threshold]);
        if (best == image->segment_count) {
            if (!eval_range_has(range, image->masks[m].area))
                matching->masks[m].ignored[range] |= bit;
            continue;
        }
        matching->taken[best] = true;
        if (matching->places[best].ignored) {
            matching->masks[m].ignored[range] |= bit;
            continue;
        }
        matching->masks[m].right[range] |= bit;
        matching->segments[matching->places[best].segment].rank[range][threshold] = (int16_t)m;
    }
}

static int allocate(struct matching *matching, struct error *error)
{
    const size_t segments = matching->image->segment_count;
    return (matching->places = memory_new(segments, sizeof *matching->places, "order", error)) &&
                   (matching->place_of =
                        memory_new(segments, sizeof *matching->place_of, "order", error)) &&
                   (matching->taken =
                        memory_new(segments, sizeof *matching->taken, "segments", error)) &&
                   (matching->candidates =
                        memory_new(matching->image->overlap_count, sizeof *matching->candidates,
                                   "overlaps", error))
               ? 0
               : -1;
}

int recall_match(const struct eval_image *image, struct recall_segment *segments,
                 struct recall_mask *masks, struct error *error)
{
    struct matching matching = {
        .image = image,
        .segments = segments,
        .masks = masks,
        .mask_count = image->mask_count < RECALL_MASKS_MAX ? image->mask_count : RECALL_MASKS_MAX,
    };
    int status = allocate(&matching, error);
    if (status == 0) {
        memset(segments, 0xff, image->segment_count * sizeof *segments); /* ranks of -1 */
        memset(masks, 0, matching.mask_count * sizeof *masks);
        for (int range = 0; range < RANGES; range++) {
            arrange(&matching, (enum eval_range)range);
            for (int threshold = 0; threshold < RECALL_THRESHOLDS; threshold++)
                match(&matching, (enum eval_range)range, threshold);
        }
    }
    memory_free(matching.places);
    memory_free(matching.place_of);
    memory_free(matching.taken);
    memory_free(matching.candidates);
    return status;
}
