"""Photographs with masks that people drew: sets in COCO's format, read from a folder that holds one folder a set.

    ROOT/NAME/annotations.json    COCO, masks as compressed RLE; they may overlap and nest
    ROOT/NAME/images/

A set without annotations.json gives grounds for cut-outs only. What a set does not mark is not background: nothing is
ever asked about it.
"""
import collections
import json

import cv2
import numpy as np

from record import decode

MOST_MASKS = 32  # of one photograph at a time: stones, roofs and nuclei would outnumber everything else
DISTINCT = 1.1   # a mask that holds another counts as a thing of its own if it is larger by this factor

# How often a set is taken, and whether its masks are things that can be cut out. Other sets: weight 1, cut out.
Kind = collections.namedtuple("Kind", "weight cut")
KINDS = {
    "coco_cc": Kind(10, True), "coco_cc2": Kind(1, True), "coco_person": Kind(3, True), "cc0_photos": Kind(2, True),
    "facade": Kind(5, False),
    "corridor_dhcn": Kind(1.5, False), "dubai_aerial": Kind(1, False), "food_plates": Kind(1, True),
    "granular": Kind(1, True), "hydro_plants": Kind(0.4, True), "iot_boards": Kind(0.6, True), "kuih": Kind(1, True),
    "microcontrollers": Kind(0.4, True), "nuclei_dsb2018": Kind(0.6, False), "nuts": Kind(0.5, True),
    "ycb_video": Kind(0.8, True), "breadboard": Kind(0.4, True),
}


class Photograph:
    """One photograph and its masks, read anew each time: what is kept are names and run strings."""

    def __init__(self, path, annotations):
        self.path, self.annotations = path, annotations

    def image(self):
        """uint8 [H, W, 3], red first"""
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            raise SystemExit(f"{self.path}: no image that OpenCV can read")
        return image[:, :, ::-1]

    def masks(self, rng, most=MOST_MASKS):
        """At most so many of its masks, uint8 [M, H, W], 1 inside: a quarter the largest, the others by chance."""
        ordered = sorted(self.annotations, key=lambda annotation: -annotation["area"])
        large, others = ordered[:most // 4], ordered[most // 4:]
        left = min(most - len(large), len(others))
        return self.decoded(large + [others[i] for i in rng.choice(len(others), left, replace=False)] if left else large)

    def decoded(self, annotations):
        if not annotations:
            return np.zeros((0, 1, 1), np.uint8)
        return np.stack([decode(annotation["segmentation"]) for annotation in annotations]).astype(np.uint8)


def read_set(folder):
    """-> photographs, in the order of annotations.json; those of a set without masks by name"""
    listing = folder / "annotations.json"
    if not listing.exists():
        return [Photograph(path, []) for path in sorted((folder / "images").iterdir())]
    content = json.loads(listing.read_text())
    of_image = collections.defaultdict(list)
    for annotation in content["annotations"]:
        if not annotation.get("iscrowd"):
            of_image[annotation["image_id"]].append(annotation)
    return [Photograph(folder / "images" / image["file_name"], of_image[image["id"]]) for image in content["images"]]


def free_standing(annotation, photograph_size):
    """Whether a thing lies within its photograph, is neither tiny nor most of it, and fills a fair part of its box."""
    height, width = photograph_size
    left, top, across, down = annotation["bbox"]
    inside = left > 1 and top > 1 and left + across < width - 1 and top + down < height - 1
    area = annotation["area"]
    return inside and 700 < area < 0.6 * height * width and area > 0.3 * across * down


class Sets:
    """All sets below a folder, and what can be cut out of them."""

    def __init__(self, root):
        folders = sorted(folder for folder in root.iterdir() if (folder / "images").is_dir())
        self.marked, self.weights, self.grounds, self.things, thing_weights = [], [], [], [], []
        for folder in folders:
            photographs = read_set(folder)
            kind = KINDS.get(folder.name, Kind(1, True))
            marked = [photograph for photograph in photographs if photograph.annotations]
            self.grounds += [photograph for photograph in photographs if not photograph.annotations]
            self.marked += marked
            self.weights += [kind.weight / max(1, len(marked))] * len(marked)
            things = [(photograph, annotation) for photograph in marked for annotation in photograph.annotations
                      if kind.cut and free_standing(annotation, annotation["segmentation"]["size"])]
            self.things += things
            thing_weights += [kind.weight / max(1, len(things))] * len(things)
        if not self.marked:
            raise SystemExit(f"{root}: no set with masks")
        self.weights = np.array(self.weights) / sum(self.weights)
        self.thing_weights = np.array(thing_weights) / max(sum(thing_weights), 1e-9)

    def photograph(self, rng):
        return self.marked[rng.choice(len(self.marked), p=self.weights)]

    def thing(self, rng):
        """-> photograph, annotation"""
        return self.things[rng.choice(len(self.things), p=self.thing_weights)]
