"""The recipe of the SA-1B data set (appendix "Automatic mask generation details" of the Segment Anything paper), over the
official package's own functions. The package leaves out two steps of it: the rule for masks that cover the image, and the
clean-up that drops a mask without a large component and knows no second suppression.
"""

import numpy as np
import torch
from segment_anything import SamAutomaticMaskGenerator
from segment_anything.utils.amg import (area_from_rle, batched_mask_to_box, box_xyxy_to_xywh, coco_encode_rle, mask_to_rle_pytorch,
                                        remove_small_regions, rle_to_mask)

SMALL = 100  # pixels of a component or a hole


class Recipe(SamAutomaticMaskGenerator):
    """32 x 32 points on the image, 16 x 16 on each of 2 x 2 windows and 8 x 8 on each of 4 x 4, box NMS within windows by
    predicted IoU and across windows from the most to the least zoomed, all at 0.7. A mask that covers 95 % of the image or
    more is "generally uninteresting". Other thresholds may be given."""

    def __init__(self, sam, max_area_fraction=0.95, **thresholds):
        super().__init__(sam, points_per_side=32, crop_n_layers=2, crop_n_points_downscale_factor=2, box_nms_thresh=0.7, crop_nms_thresh=0.7,
                         **dict(dict(pred_iou_thresh=0.88, stability_score_thresh=0.95, stability_score_offset=1.0), **thresholds))
        self.max_area_fraction = max_area_fraction

    def _process_batch(self, points, im_size, crop_box, orig_size):
        """The third filter stands beside those of predicted IoU and stability: before any suppression."""
        data = super()._process_batch(points, im_size, crop_box, orig_size)
        areas = torch.tensor([area_from_rle(rle) for rle in data["rles"]])
        data.filter(areas < self.max_area_fraction * orig_size[0] * orig_size[1])
        return data

    @torch.no_grad()
    def generate(self, image):
        found = self._generate_masks(image)
        cleaned = ((i, clean(rle_to_mask(rle))) for i, rle in enumerate(found["rles"]))
        return [annotation(found, i, mask) for i, mask in cleaned if mask is not None]


def clean(mask):
    """Small components removed, and the mask where its largest is small, too (None); small holes filled."""
    mask = remove_small_regions(mask, SMALL, "islands")[0]
    if np.count_nonzero(mask) < SMALL:  # of small components the function keeps the largest
        return None
    return remove_small_regions(mask, SMALL, "holes")[0]


def annotation(found, i, mask):
    mask = torch.as_tensor(mask)[None]
    rle = mask_to_rle_pytorch(mask)[0]
    return dict(segmentation=coco_encode_rle(rle), area=area_from_rle(rle), bbox=box_xyxy_to_xywh(batched_mask_to_box(mask)[0]).tolist(),
                predicted_iou=found["iou_preds"][i].item(), point_coords=[found["points"][i].tolist()],
                stability_score=found["stability_score"][i].item(), crop_box=box_xyxy_to_xywh(found["crop_boxes"][i]).tolist())


def records(sam, image, **thresholds):
    """What the recipe finds, as annotations of a record."""
    return [dict(mask, id=i) for i, mask in enumerate(Recipe(sam, **thresholds).generate(image))]
