"""Labels for what nobody marked: regions on which classical segmentation and a model agree.

    agree.py SET RECORDS OUT [--first N]

SET is a folder as sets.py reads it, RECORDS the records of `maskmill run` for its images, OUT the folder for the same
set with more masks. Felzenszwalb's segmentation is run at several scales. A region is kept if it stays much the same from
one scale to the next and is a mask of the model too, or stays over three scales; and if it is not marked already and does
not cut through what is marked. Needs scikit-image as well.
"""
import argparse
import collections
import json
import os
import pathlib

import cv2
import numpy as np
from skimage.segmentation import felzenszwalb

from record import decode, run_lengths
from sets import read_set

SCALES = (150, 250, 420, 700, 1200)
SIDE = 480           # longest, pixels, of what is segmented
SAME = 0.75          # IoU of one region at two scales
AGREED = 0.65        # IoU of a region and a mask of the model
MARKED = 0.6         # IoU with a mask that is there, above which a region says nothing new
LEAST, MOST = 150, 0.5  # pixels of the smallest region; share of the photograph of the largest
MOST_FOUND = 14

Region = collections.namedtuple("Region", "mask area box scale")


def box_of(mask):
    return cv2.boundingRect(mask.view(np.uint8))


def box_iou(one, other):
    across, down = (max(0, min(one[i] + one[i + 2], other[i] + other[i + 2]) - max(one[i], other[i])) for i in (0, 1))
    return across * down / (one[2] * one[3] + other[2] * other[3] - across * down)


def enlarged(mask, height, width):
    return cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5


def iou(one, other):
    overlap = np.count_nonzero(one & other)
    return overlap / max(1, np.count_nonzero(one) + np.count_nonzero(other) - overlap)


def smooth(mask):
    """Without hairs and holes."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc)
    return cv2.morphologyEx(opened, cv2.MORPH_CLOSE, disc) > 0


def regions_of(image):
    """All regions at all scales, of a smaller picture. image uint8 [H, W, 3]"""
    share = SIDE / max(image.shape[:2])
    height, width = round(image.shape[0] * share), round(image.shape[1] * share)
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    for scale in SCALES:
        labels = felzenszwalb(small, scale=scale, sigma=0.8, min_size=80)
        for number, area in enumerate(np.bincount(labels.ravel())):
            if LEAST <= area <= MOST * height * width:
                mask = labels == number
                yield Region(mask, area, box_of(mask), scale)


def families(regions):
    """Regions that are the same at several scales. -> lists of regions"""
    found = []
    for region in sorted(regions, key=lambda region: region.area):
        for family in reversed(found):
            first = family[0]
            if region.area > first.area / SAME:
                found.append([region])  # no family of its size is left
                break
            if box_iou(region.box, first.box) > 0.6 and iou(region.mask, first.mask) >= SAME:
                family.append(region)
                break
        else:
            found.append([region])
    return found


def cuts_through(mask, human):
    """Whether a mask overlaps one that is there, and neither holds the other."""
    overlap = np.count_nonzero(mask & human)
    return 0.1 * np.count_nonzero(mask) < overlap < 0.9 * min(np.count_nonzero(mask), np.count_nonzero(human))


def found_labels(image, marked, proposed):
    """-> masks bool [H, W] with the number of scales at which each was there, the most lasting first"""
    found = []
    for family in families(regions_of(image)):
        scales = len({region.scale for region in family})
        if scales < 2:
            continue
        mask = enlarged(smooth(family[len(family) // 2].mask), *image.shape[:2])
        area = np.count_nonzero(mask)
        if area < LEAST or any(cuts_through(mask, human) or iou(mask, human) > MARKED for human in marked):
            continue
        near = [other for other in proposed if 0.5 * area < np.count_nonzero(other) < 2 * area]
        agreed = any(iou(mask, other) >= AGREED for other in near)
        if agreed or scales >= 3:
            found.append((scales + 2 * agreed, mask))
    found.sort(key=lambda pair: -pair[0])
    return found[:MOST_FOUND]


def masks_of(path):
    if not path.exists():
        return []
    return [decode(annotation["segmentation"]) for annotation in json.loads(path.read_text())["annotations"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=pathlib.Path)
    parser.add_argument("records", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--first", type=int, help="only the first N photographs")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    images, annotations, total = [], [], 0
    for number, photograph in enumerate(read_set(arguments.set)[:arguments.first]):
        image = photograph.image()
        height, width = image.shape[:2]
        marked = [mask > 0 for mask in photograph.decoded(photograph.annotations)] if photograph.annotations else []
        proposed = masks_of(arguments.records / f"{photograph.path.stem}.json")
        found = found_labels(image, marked, proposed)
        total += len(found)
        images.append({"id": number, "file_name": photograph.path.name, "width": width, "height": height})
        annotations += [{**annotation, "image_id": number} for annotation in photograph.annotations]
        for lasting, mask in found:
            left, top, across, down = cv2.boundingRect(mask.astype(np.uint8))
            annotations.append({"image_id": number, "iscrowd": 0, "area": int(mask.sum()), "found": int(lasting),
                                "bbox": [left, top, across, down],
                                "segmentation": {"size": [height, width], "counts": run_lengths(mask)}})
        if number % 20 == 19:
            print(f"{number + 1} photographs, {total} regions", flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "annotations.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    if not (arguments.out / "images").exists():
        os.symlink((arguments.set / "images").resolve(), arguments.out / "images")
    print(f"{arguments.set.name}: {len(images)} photographs, {total} regions found")


if __name__ == "__main__":
    main()
