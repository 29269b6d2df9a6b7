/* recall.h - which masks of an image find which true segments, as COCO matches them.
 *
 * This is pycocotools' COCOeval with useCats = 0, an image at a time. In each range of areas, the
 * segments outside the range and the crowd regions are ignored. At each IoU threshold the masks, best
 * score first, take the segment that they overlap most among those not taken yet, if the overlap
 * reaches the threshold; of equal overlaps the last segment. An ignored segment is taken only where no
 * other can be; a crowd region can be taken again and again. Segments are in the order of their
 * categories, then in the image's.
 *
 * Source: cocoapi, PythonAPI/pycocotools/cocoeval.py, evaluateImg. */
#ifndef PROGRAM_EVAL_RECALL_H
#define PROGRAM_EVAL_RECALL_H

#include <stddef.h>
#include <stdint.h>

#include "program/eval/eval_image.h"

struct error;

enum {
    RECALL_THRESHOLDS = 10, /* IoU 0.5, 0.55, ... 0.95 */
    RECALL_MASKS_MAX = 1000 /* masks of an image that take part */
};

/* The doubles of numpy.linspace(0.5, 0.95, 10), with which an IoU is compared. */
extern const double recall_thresholds[RECALL_THRESHOLDS];

/* Where a segment was found. */
struct recall_segment {
    /* The rank of the mask, from 0; -1: not found, or ignored in the range. */
    int16_t rank[RANGES][RECALL_THRESHOLDS];
};

/* What a mask found. */
struct recall_mask {
    uint16_t right[RANGES];   /* bit t: took a segment at threshold t */
    uint16_t ignored[RANGES]; /* bit t: took an ignored one, or nothing and is outside the range */
};

/* Matches an image's masks with its segments: segments[image->segment_count], and masks[] of the first
 * RECALL_MASKS_MAX masks or as many as there are. Returns 0, or -1 (ERROR_MEMORY). */
int recall_match(const struct eval_image *image, struct recall_segment *segments,
                 struct recall_mask *masks, struct error *error);

#endif
