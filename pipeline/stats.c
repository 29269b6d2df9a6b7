#include "pipeline/stats.h"

#include <math.h>

#include "base/error.h"
#include "pipeline/mask_shape.h"
#include "pipeline/record.h"

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

static int add_mask(struct stats *stats, const struct mask *mask, struct error *error)
{
    double pixels = (double)mask->rle.width * mask->rle.height;
    double area = (double)mask->area;
    double hull, centre[2];
    if (mask_shape_hull_area(&mask->rle, &hull, error))
        return -1;
    mask_shape_centroid(&mask->rle, centre);
    histogram_add(&stats->area, area > 0 ? log10(area) : 0);
    histogram_add(&stats->predicted_iou, (double)mask->predicted_iou);
    histogram_add(&stats->stability, (double)mask->stability_score);
    histogram_add(&stats->relative_size, sqrt(area / pixels));
    histogram_add(&stats->concavity, hull > 0 ? 1 - area / hull : 0);
    if (mask->area < SMALL_AREA)
        stats->small++;
    else if (mask->area < MEDIUM_AREA)
        stats->medium++;
    else
        stats->large++;
    stats->centres[cell(centre[1], mask->rle.height)][cell(centre[0], mask->rle.width)]++;
    return 0;
}

int stats_add(struct stats *stats, const struct record *record, struct error *error)
{
    stats->records++;
    stats->empty_records += record->masks.count == 0;
    histogram_add(&stats->masks, (double)record->masks.count);
    for (size_t i = 0; i < record->masks.count; i++)
        if (add_mask(stats, &record->masks.items[i], error))
            return -1;
    return 0;
}
