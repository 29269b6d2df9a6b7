#include "records/stats.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "records/record.h"
#include "rle/mask_shape.h"

/* COCO's bounds of small and medium objects (cocoapi, cocoeval.py, areaRng). */
enum { SMALL_AREA = 32 * 32, MEDIUM_AREA = 96 * 96 };

void stats_begin(struct stats *stats)
{
    *stats = (struct stats){0};
    histogram_begin(&stats->masks, 0, HISTOGRAM_BINS);
    histogram_begin(&stats->area, 0, 10);
    histogram_begin(&stats->predicted_iou, 0, 1.2);
    histogram_begin(&stats->stability, 0, 1);
    histogram_begin(&stats->relative_size, 0, 1);
    histogram_begin(&stats->concavity, 0, 1);
}

static size_t cell(double place, uint32_t pixels)
{
    size_t at = (size_t)((place + 0.5) / pixels * STATS_CENTRES);
    return at < STATS_CENTRES ? at : STATS_CENTRES - 1;
}

static size_t score_cell(float score, size_t cells)
{
    double at = floor(((double)score - STATS_SCORES_FROM) / STATS_SCORES_CELL);
    return at < 0 ? 0 : at >= (double)cells ? cells - 1 : (size_t)at;
}

static void add_scores(struct stats *stats, const struct mask *mask, unsigned absent)
{
    if (!(absent & RECORD_NO_IOU))
        histogram_add(&stats->predicted_iou, (double)mask->predicted_iou);
    if (!(absent & RECORD_NO_STABILITY))
        histogram_add(&stats->stability, (double)mask->stability_score);
    if (!(absent & (RECORD_NO_IOU | RECORD_NO_STABILITY)))
        stats->scores[score_cell(mask->predicted_iou, STATS_IOU_CELLS)]
                     [score_cell(mask->stability_score, STATS_STABILITY_CELLS)]++;
}

static void add_mask(struct stats *stats, const struct mask *mask, unsigned absent,
                     const struct stats_measure *measure)
{
    double pixels = (double)mask->rle.width * mask->rle.height;
    double area = (double)mask->area;
    histogram_add(&stats->area, area > 0 ? log10(area) : 0);
    stats->area_sum += area;
    stats->sources[mask->source]++;
    add_scores(stats, mask, absent);
    histogram_add(&stats->relative_size, sqrt(area / pixels));
    histogram_add(&stats->concavity, area > 0 ? 1 - area / measure->hull_area : 0);
    if (mask->area < SMALL_AREA)
        stats->small++;
    else if (mask->area < MEDIUM_AREA)
        stats->medium++;
    else
        stats->large++;
    size_t x = cell(measure->centroid[0], mask->rle.width);
    size_t y = cell(measure->centroid[1], mask->rle.height);
    stats->centres[y][x]++;
}

struct stats_measure *stats_measure(const struct record *record, struct error *error)
{
    size_t count = record->masks.count;
    struct stats_measure *measures = calloc(count ? count : 1, sizeof *measures);
    int result = measures ? 0 : error_set(error, ERROR_MEMORY, "no memory for %zu masks", count);
    for (size_t i = 0; result == 0 && i < count; i++) {
        const struct rle *rle = &record->masks.items[i].rle;
        result = mask_shape_hull_area(rle, &measures[i].hull_area, error);
        mask_shape_centroid(rle, measures[i].centroid);
    }
    if (result == 0)
        return measures;
    free(measures);
    return NULL;
}

void stats_add(struct stats *stats, const struct record *record,
               const struct stats_measure *measures)
{
    stats->records++;
    stats->empty_records += record->masks.count == 0;
    histogram_add(&stats->masks, (double)record->masks.count);
    for (size_t i = 0; i < record->masks.count; i++)
        add_mask(stats, &record->masks.items[i], record_absent(record, i), &measures[i]);
}
