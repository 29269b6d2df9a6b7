/* stats.h - what a collection of records looks like, in fixed memory.
 *
 * Beside counts, areas and scores, the three distributions that the Segment Anything paper draws of
 * SA-1B (section 5, figures 5 and 6): mask size relative to the image, sqrt(mask area / image
 * area); concavity, 1 - mask area / area of its convex hull; and where masks have their centres.
 */
#ifndef RECORDS_STATS_H
#define RECORDS_STATS_H

#include <stdint.h>

#include "filters/mask.h"
#include "records/histogram.h"

struct error;
struct json_text;
struct record;

enum { STATS_CENTRES = 16 }; /* cells along each side of the map of centroids */

/* The map of both scores: cells of 0.005 from 0 up, as models differ in where their masks lie. Scores
 * outside count in the first or last cells. */
enum { STATS_IOU_CELLS = 240, STATS_STABILITY_CELLS = 200 };
#define STATS_SCORES_FROM 0.0
#define STATS_SCORES_CELL 0.005

struct stats {
    uint64_t records, empty_records, refused;
    struct histogram masks;                 /* masks of an image; bins of 1 from 0 to 1000 */
    struct histogram area;                  /* log10 of pixels */
    double area_sum;                        /* pixels */
    struct histogram predicted_iou;         /* 0 .. 1.2; of the masks that have it */
    struct histogram stability;             /* 0 .. 1; of the masks that have it */
    struct histogram relative_size;         /* 0 .. 1 */
    struct histogram concavity;             /* 0 .. 1 */
    uint64_t sources[MASK_SOURCE_TEXT + 1]; /* masks of each enum mask_source */
    uint64_t small, medium, large;          /* COCO's sizes: area below 32^2, below 96^2, above */
    uint64_t centres[STATS_CENTRES][STATS_CENTRES]; /* [y][x] of centroids over the image */
    /* Of the masks that have both scores. */
    uint64_t scores[STATS_IOU_CELLS][STATS_STABILITY_CELLS];
};

void stats_begin(struct stats *stats);

/* Measures of a mask that take time; threads may compute them in parallel. */
struct stats_measure {
    double hull_area;   /* pixels */
    double centroid[2]; /* x, y */
};

/* Measures every mask of a record: an array that the caller frees with free(3), or NULL with
 * ERROR_MEMORY. */
struct stats_measure *stats_measure(const struct record *record, struct error *error);

/* Counts one image, with its measures. */
void stats_add(struct stats *stats, const struct record *record,
               const struct stats_measure *measures);

/* Appends all statistics as one JSON object, with 50 bars for each distribution. */
void stats_json(const struct stats *stats, struct json_text *text);

#endif
