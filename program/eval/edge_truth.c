#include "program/eval/edge_truth.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "program/eval/segments.h"

/* Whether no segment before `index` is by the same annotator. */
static bool is_first(const struct segments *segments, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (segments->items[i].annotator == segments->items[index].annotator)
            return false;
    return true;
}

/* labels[height][width]: 0, or 1 + the place of the segment. */
static void fill_labels(const struct segments *segments, int64_t annotator, uint32_t *labels)
{
    memset(labels, 0, (size_t)segments->width * segments->height * sizeof *labels);
    for (size_t i = 0; i < segments->count; i++) {
        const struct rle *rle = &segments->items[i].rle;
        size_t at = 0;
        if (segments->items[i].annotator != annotator)
            continue;
        for (size_t run = 0; run < rle->length; run++) {
            const size_t end = at + rle->counts[run];
            for (; run % 2 && at < end; at++)
                labels[at % segments->height * segments->width + at / segments->height] =
                    (uint32_t)i + 1;
            at = end;
        }
    }
}

static void find_borders(const struct segments *segments, const uint32_t *labels, uint8_t *map)
{
    const size_t width = segments->width, height = segments->height;
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const uint32_t *here = labels + y * width + x;
            const size_t right = x + 1 < width, below = y + 1 < height ? width : 0;
            map[y * width + x] =
                here[right] != *here || here[below] != *here || here[right + below] != *here;
        }
}

/* The map of each annotator, one after the other. */
static void fill_maps(const struct segments *segments, uint32_t *labels, uint8_t *maps)
{
    for (size_t i = 0; i < segments->count; i++)
        if (is_first(segments, i)) {
            fill_labels(segments, segments->items[i].annotator, labels);
            find_borders(segments, labels, maps);
            maps += (size_t)segments->width * segments->height;
        }
}

int edge_truth_make(struct edge_truth *truth, const struct segments *segments, struct error *error)
{
    const size_t pixels = (size_t)segments->width * segments->height;
    *truth = (struct edge_truth){0};
    for (size_t i = 0; i < segments->count; i++)
        truth->count += is_first(segments, i);
    uint32_t *labels = memory_new(pixels, sizeof *labels, "true boundaries", error);
    if (labels && (truth->maps = memory_new(truth->count, pixels, "true boundaries", error)))
        fill_maps(segments, labels, truth->maps);
    memory_free(labels);
    return truth->maps ? 0 : -1;
}

void edge_truth_free(struct edge_truth *truth)
{
    memory_free(truth->maps);
    *truth = (struct edge_truth){0};
}
