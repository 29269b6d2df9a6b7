/* nms.h - non-maximum suppression: of masks that show the same thing, the best is kept.
 *
 * All variants visit the masks in the order of falling score (equal scores: the earlier first) and
 * drop those too similar to one kept before. The work is quadratic in the number of masks.
 * Source of the box variant: torchvision.ops.nms, in float, with areas (x1 - x0) * (y1 - y0) of
 * inclusive boxes, as the reference calls it. It keeps the same boxes and returns them in the same
 * order; only where there are more than 1000 boxes does torchvision order equal scores differently,
 * by a sort that is not stable.
 */
#ifndef FILTERS_NMS_H
#define FILTERS_NMS_H

#include <stddef.h>

#include "base/geometry.h"

struct error;
struct mask_list;

/* order[0 .. count): the indices by falling score, those of equal scores rising. Scores must not be
 * NaN. Returns 0 or -1 (ERROR_MEMORY). */
int nms_rank(const float *scores, size_t count, size_t *order, struct error *error);

/* nms_rank of a list's masks by predicted IoU. */
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

/* nms_boxes over the boxes of a list with scores[list->count]; the list is put into the order of
 * falling score. 0 or -1 (ERROR_MEMORY). */
int nms_list(struct mask_list *list, const float *scores, double threshold, struct error *error);

/* Box NMS within a crop: score is the predicted IoU. The list ends up best first. 0 or -1
 * (ERROR_MEMORY). Boxes may be in the crop's frame or the image's, all in the same. */
int nms_within_crop(struct mask_list *list, double threshold, struct error *error);

/* Box NMS over the masks of all crops of an image: score is 1 / crop area, so that the more zoomed
 * crop wins. Boxes are in the image's frame. 0 or -1 (ERROR_MEMORY). */
int nms_across_crops(struct mask_list *list, double threshold, struct error *error);

/* Not in the reference: NMS by the intersection over union of the masks themselves, score predicted
 * IoU. Runs are of the image's size. 0 or -1 (ERROR_MEMORY). */
int nms_masks(struct mask_list *list, double threshold, struct error *error);

/* Not in the reference: drops a mask of which more than `threshold` (0..1) of the area lies within
 * a better mask (score predicted IoU) or of which a better mask's area lies that much within it.
 * Runs are of the image's size. 0 or -1 (ERROR_MEMORY). */
int nms_contained(struct mask_list *list, double threshold, struct error *error);

#endif
