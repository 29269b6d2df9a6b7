/* recall.h - average recall: how many true segments an image's masks find.
 *
 * The protocol is COCO's for proposals (cocoapi, COCOeval): masks are taken in the order of
 * their scores; at each IoU threshold a mask finds the segment that it overlaps most among those
 * not found yet, if their IoU reaches the threshold. Average recall at k is the fraction of all
 * segments that the first k masks of their images find, averaged over the thresholds. */
#ifndef PROGRAM_EVAL_RECALL_H
#define PROGRAM_EVAL_RECALL_H

#include <stddef.h>
#include <stdint.h>

struct error;

/* COCO's bounds of segments: below 32^2 pixels, below 96^2, above. */
enum segment_size { SIZE_SMALL, SIZE_MEDIUM, SIZE_LARGE, SIZES };

enum {
    RECALL_LIMITS = 3,     /* see recall_limits */
    RECALL_THRESHOLDS = 10 /* IoU 0.5, 0.55, ... 0.95 */
};

extern const size_t recall_limits[RECALL_LIMITS]; /* masks an image: 10, 100, 1000 */

/* Counts over all images. Zeroed at first. */
struct recall {
    uint64_t segments[SIZES];
    uint64_t found[SIZES][RECALL_LIMITS][RECALL_THRESHOLDS];
};

enum segment_size segment_size(uint64_t area);

/* Counts one image. areas[segments]: pixels of each true segment; iou[masks][segments]: overlap of
 * each mask, best score first, with each segment. Returns 0, or -1 (ERROR_MEMORY) with no
 * count changed. */
int recall_add(struct recall *recall, const uint64_t *areas, size_t segments, const double *iou,
               size_t masks, struct error *error);

/* Average recall at recall_limits[limit] of segments of one size, or of all for SIZES, over the
 * first `thresholds` thresholds: RECALL_THRESHOLDS, or 1 for recall at IoU 0.5. NaN if there is no
 * segment. */
double recall_average(const struct recall *recall, enum segment_size size, int limit,
                      int thresholds);

#endif
