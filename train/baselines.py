"""Classical segmentations as baselines: squares, SLIC and Felzenszwalb's graph, each at three scales.

    baselines.py IMAGES OUT [--first N] [--method NAME]

IMAGES is a folder as `maskmill eval` reads it. Writes OUT/METHOD/NAME.json, one record an image with the regions of
all scales, coarse ones first, larger ones first, for `maskmill eval --masks OUT/METHOD IMAGES`; and prints, for one
click at the centre of each true segment, the mean IoU of the best of the three regions that hold the click. The scales
are such that every method gives about 100 to 130 regions an image.
"""
import argparse
import json
import pathlib

import cv2
import numpy as np
from skimage.segmentation import felzenszwalb, slic

from record import decode, write_record


def squares(image, cells):
    height, width = image.shape[:2]
    side = max(height, width) / cells
    rows = (np.arange(height) / side).astype(int)
    columns = (np.arange(width) / side).astype(int)
    return rows[:, None] * 1000 + columns[None, :]


METHODS = {
    "squares": [lambda image, n=n: squares(image, n) for n in (3, 6, 12)],
    "slic": [lambda image, n=n: slic(image, n_segments=n, compactness=10, sigma=1, start_label=0)
             for n in (8, 30, 120)],
    "felzenszwalb": [lambda image, s=s, m=m: felzenszwalb(image, scale=s, sigma=0.8, min_size=m)
                     for s, m in ((1500, 750), (600, 300), (300, 150))],
}


def read_truth(path):
    """Masks of the first annotator, bool [h, w] each."""
    record = json.loads(path.read_text())
    first = min((a.get("annotator", 0) for a in record["annotations"]), default=0)
    return [decode(a["segmentation"]) for a in record["annotations"] if a.get("annotator", 0) == first]


def centre(mask):
    """Row and column of the pixel farthest from the border; beyond the image all is border."""
    distance = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.unravel_index(distance[1:-1, 1:-1].argmax(), mask.shape)


def click(truth, labelings):
    """IoU of the best region that holds the centre of the true segment."""
    row, column = centre(truth)
    regions = [labels == labels[row, column] for labels in labelings]
    return max((truth & region).sum() / (truth | region).sum() for region in regions)


def regions_in_order(labelings):
    """All regions, coarse scale first, in each scale the larger first."""
    for labels in labelings:
        numbers, areas = np.unique(labels, return_counts=True)
        for number in numbers[np.argsort(-areas, kind="stable")]:
            yield labels == number


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--first", type=int, help="only the first N images")
    parser.add_argument("--method", choices=METHODS, action="append", help="default: all")
    arguments = parser.parse_args()
    records = sorted(arguments.images.glob("*.json"))[:arguments.first]
    for method in arguments.method or METHODS:
        scales = METHODS[method]
        folder = arguments.out / method
        folder.mkdir(parents=True, exist_ok=True)
        overlaps, regions = [], 0
        for record in records:
            path = next(p for p in sorted(record.parent.glob(record.stem + ".*")) if p.suffix != ".json")
            image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
            labelings = [scale(image) for scale in scales]
            masks = list(regions_in_order(labelings))
            scored = [(m, {"predicted_iou": 1 - i / len(masks)}) for i, m in enumerate(masks)]
            write_record(folder / record.name, *image.shape[:2], path.name, scored)
            overlaps += [click(truth, labelings) for truth in read_truth(record)]
            regions += len(masks)
        print(f"{method}: one click, best of three scales, mean IoU {np.mean(overlaps):.3f} over {len(overlaps)} "
              f"segments; {regions / len(records):.0f} regions an image", flush=True)


if __name__ == "__main__":
    main()
