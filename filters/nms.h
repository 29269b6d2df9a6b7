/* nms.h - non-maximum suppression (NMS): of masks that show the same object, the best is kept.
 *
 * All variants visit the masks by falling score (equal scores: the earlier first) and drop those
 * too similar to one already kept. The work is quadratic in the number of masks. Source of the box
 * variant: torchvision.ops.nms, in float, with areas (x1 - x0) * (y1 - y0) of inclusive boxes, as
 * the reference calls it. It keeps the same boxes in the same order, except that torchvision sorts
 * more than 1000 boxes with a sort that is not stable for equal scores.
 */
#ifndef FILTERS_NMS_H
#define FILTERS_NMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/geometry.h"

struct error;
struct mask;
struct mask_list;

/* Fills order[0 .. count) with the indices by falling score; equal scores keep their order. Scores
 * must not be NaN. Returns 0 or -1 (ERROR_MEMORY). */
int nms_rank(const float *scores, size_t count, size_t *order, struct error *error);

/* Ranks the masks of a list by predicted IoU, as nms_rank. */
int nms_rank_masks(const struct mask_list *list, size_t *order, struct error *error);

/* Boxes and their scores, borrowed. */
struct nms_input {
    const struct box *boxes; /* [count] */
    const float *scores;     /* [count], none NaN */
    size_t count;
};

/* Indices of the boxes to keep, best first, in keep[0 .. *kept); `keep` has room for all. A box is
 * dropped if its intersection over union with a kept one is above `threshold` (0 / 0 is not).
 * Returns 0 or -1 (ERROR_MEMORY). */
int nms_boxes(const struct nms_input *input, double threshold, size_t *keep, size_t *kept,
              struct error *error);

/* Whether the intersection over union of two boxes is above `threshold`, as nms_boxes has it. */
bool nms_boxes_similar(struct box one, struct box other, double threshold);

/* nms_boxes on the boxes of a list, with scores[list->count]. The list ends up best first. 0 or -1
 * (ERROR_MEMORY). */
int nms_list(struct mask_list *list, const float *scores, double threshold, struct error *error);

/* Box NMS within a crop, by predicted IoU. The list ends up best first. All boxes are in the same
 * frame, the crop's or the image's. 0 or -1 (ERROR_MEMORY). */
int nms_within_crop(struct mask_list *list, double threshold, struct error *error);

/* Box NMS across all crops of an image. The score is 1 / crop area, so the smaller crop wins. Boxes
 * are in the image's frame. 0 or -1 (ERROR_MEMORY). */
int nms_across_crops(struct mask_list *list, double threshold, struct error *error);

/* Not in the reference: NMS by the intersection over union of the masks themselves, ranked by
 * predicted IoU. Runs are of the image's size. 0 or -1 (ERROR_MEMORY). */
int nms_masks(struct mask_list *list, double threshold, struct error *error);

/* Not in the reference: of two masks, ranked by predicted IoU, drops the worse one if more than
 * `threshold` (0..1) of the smaller one's area lies within the larger one. Runs are of the image's
 * size. 0 or -1 (ERROR_MEMORY). */
int nms_contained(struct mask_list *list, double threshold, struct error *error);

/* What these two compare: whether the masks' intersection over union is above `threshold`, and whether more
 * than `threshold` of the smaller one's area lies in the other. */
bool nms_masks_similar(const struct mask *one, const struct mask *other, double threshold);
bool nms_mask_within(const struct mask *one, const struct mask *other, double threshold);

#endif
