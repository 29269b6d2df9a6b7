#include "program/eval/recall.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

const size_t recall_limits[RECALL_LIMITS] = {10, 100, 1000};

enum segment_size segment_size(uint64_t area)
{
    enum { SMALL_BELOW = 32 * 32, MEDIUM_BELOW = 96 * 96 };
    return area < SMALL_BELOW ? SIZE_SMALL : area < MEDIUM_BELOW ? SIZE_MEDIUM : SIZE_LARGE;
}

/* The index of the segment that a mask finds, or `segments`. */
static size_t find_best(const double *iou, const bool *found, size_t segments, double threshold)
{
    size_t best = segments;
    for (size_t s = 0; s < segments; s++)
        if (!found[s] && iou[s] >= threshold && (best == segments || iou[s] > iou[best]))
            best = s;
    return best;
}

static void count(struct recall *recall, enum segment_size size, int threshold, size_t rank)
{
    for (int limit = 0; limit < RECALL_LIMITS; limit++)
        if (rank < recall_limits[limit])
            recall->found[size][limit][threshold]++;
}

int recall_add(struct recall *recall, const uint64_t *areas, size_t segments, const double *iou,
               size_t masks, struct error *error)
{
    bool *found = calloc(segments ? segments : 1, sizeof *found);
    if (!found)
        return error_set(error, ERROR_MEMORY, "no memory for %zu segments", segments);
    for (size_t s = 0; s < segments; s++)
        recall->segments[segment_size(areas[s])]++;
    for (int t = 0; t < RECALL_THRESHOLDS; t++) {
        double threshold = (10 + t) / 20.0; /* rounded once, so an IoU of 11/20 reaches 0.55 */
        memset(found, 0, segments * sizeof *found);
        for (size_t rank = 0; rank < masks; rank++) {
            size_t best = find_best(iou + rank * segments, found, segments, threshold);
            if (best == segments)
                continue;
            found[best] = true;
            count(recall, segment_size(areas[best]), t, rank);
        }
    }
    free(found);
    return 0;
}

double recall_average(const struct recall *recall, enum segment_size size, int limit,
                      int thresholds)
{
    uint64_t segments = 0, found = 0;
    for (int s = 0; s < SIZES; s++) {
        if (size != SIZES && s != (int)size)
            continue;
        segments += recall->segments[s];
        for (int t = 0; t < thresholds; t++)
            found += recall->found[s][limit][t];
    }
    return segments ? (double)found / ((double)segments * thresholds) : (double)NAN;
}
