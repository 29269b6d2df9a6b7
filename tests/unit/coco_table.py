#!/usr/bin/env python3
"""Writes tests/unit/coco_table.h: what pycocotools' COCOeval says of random rectangles, so that a unit test needs no Python.

Needs numpy and pycocotools:
    python tests/unit/coco_table.py | clang-format --assume-filename=a.h > tests/unit/coco_table.h
The rectangles come from a generator of pseudo-random numbers that tests/unit/random.h has, too;
tests/unit/test_recall.c draws them in the same order.
"""
import contextlib
import io

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

SEED, IMAGES, SIDE, STEP = 29, 12, 240, 8
RANGES = ("all", "small", "medium", "large")


class Random:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n


def rectangle(random):
    """On a coarse grid, so that overlaps are often equal and areas are often at COCO's bounds."""
    width, height = (STEP * (1 + random.below(15)) for _ in range(2))
    x, y = (STEP * random.below((SIDE - side) // STEP + 1) for side in (width, height))
    return x, y, width, height


def moved(random, box):
    """A rectangle that overlaps another one."""
    x, y, width, height = box
    width, height = (max(STEP, min(SIDE, side + STEP * (random.below(3) - 1))) for side in (width, height))
    x, y = (max(0, min(SIDE - side, at + STEP * (random.below(3) - 1))) for at, side in ((x, width), (y, height)))
    return x, y, width, height


def encode(box):
    x, y, width, height = box
    bits = np.zeros((SIDE, SIDE), np.uint8, order="F")
    bits[y:y + height, x:x + width] = 1
    return coco_mask.encode(bits)


def draw():
    """Annotations and results of all images."""
    random, truth, found = Random(SEED), [], []
    for image in range(1, IMAGES + 1):
        boxes = []
        for _ in range(1 + random.below(12)):
            boxes.append(rectangle(random))
            crowd, category = int(random.below(8) == 0), 1 + random.below(3)
            truth.append(dict(id=len(truth) + 1, image_id=image, category_id=category, iscrowd=crowd, segmentation=encode(boxes[-1]),
                              area=boxes[-1][2] * boxes[-1][3], bbox=list(boxes[-1])))
        for _ in range(130 if image == 1 else random.below(40)):
            box = moved(random, boxes[random.below(len(boxes))]) if random.below(4) else rectangle(random)
            found.append(dict(image_id=image, category_id=1, segmentation=encode(box), score=random.below(16) / 16))
    return truth, found


def figures(truth, found):
    """[range][AR at 10, 100, 1000; the same at IoU 0.5; AP, AP50, AP75]"""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = dict(images=[dict(id=i, width=SIDE, height=SIDE) for i in range(1, IMAGES + 1)], annotations=truth,
                            categories=[dict(id=i, name=str(i)) for i in (1, 2, 3)], info={})
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(found), "segm")
        evaluation.params.useCats = 0
        evaluation.params.maxDets = [10, 100, 1000]
        evaluation.evaluate()
        evaluation.accumulate()
    recall, precision = evaluation.eval["recall"], evaluation.eval["precision"]
    rows = []
    for i, name in enumerate(RANGES):
        assert evaluation.params.areaRngLbl[i] == name
        some = recall[:, 0, i, :]
        every = precision[:, :, 0, i, 2]
        rows.append([*some.mean(axis=0), *some[0], every.mean(), every[0].mean(), every[5].mean()])
    return rows


if __name__ == "__main__":
    print("""/* coco_table.h - figures of pycocotools' COCOeval on random rectangles; coco_table.py writes it and says how. */
#ifndef TESTS_UNIT_COCO_TABLE_H
#define TESTS_UNIT_COCO_TABLE_H

enum {{ COCO_SEED = {} }};

/* Average recall at 10, 100 and 1000 masks an image, the same at IoU 0.5 alone, AP, AP50 and AP75, for all
 * segments, small, medium and large ones. */
static const double coco_figures[4][9] = {{""".format(SEED))
    for row in figures(*draw()):
        print("{" + ", ".join(repr(float(value)) for value in row) + "},")
    print("};\n\n#endif")
