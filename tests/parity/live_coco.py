"""COCO's figures of automatic masks: `maskmill eval --masks` beside pycocotools' COCOeval, on random rectangles with crowd regions and on
masks of photographs. Called by live.py."""

import contextlib
import io
import json
import os
import subprocess
import sys

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from library import TOP
from live_clicks import decode

sys.path.insert(0, f"{TOP}/tests/unit")
import coco_table  # noqa: E402

CLOSE = 1e-6


def put(folder, name, size, annotations):
    """Writes a record, with segmentations as pycocotools has them."""
    for annotation in annotations:
        annotation["segmentation"] = dict(annotation["segmentation"], counts=annotation["segmentation"]["counts"].decode())
    json.dump(dict(image=dict(width=size[1], height=size[0]), annotations=annotations), open(f"{folder}/{name}.json", "w"))


def random_pairs(seed, photos, found):
    """Pairs of random rectangles. Returns the annotations and results as COCOeval takes them."""
    coco_table.SEED = seed
    truth, results = coco_table.draw()
    size = (coco_table.SIDE,) * 2
    for image in range(1, coco_table.IMAGES + 1):
        name = f"{image:03}"
        open(f"{photos}/{name}.png", "wb").close()  # only its name counts with --masks
        put(photos, name, size, [dict(a) for a in truth if a["image_id"] == image])
        put(found, name, size, [dict(segmentation=r["segmentation"], predicted_iou=r["score"]) for r in results if r["image_id"] == image])
    return truth, results


def masks_of(photographs, folder, photos, found):
    """The built-in model's masks of the first photographs, beside the segments of their first annotator."""
    names = sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".json"))[:photographs]
    for name in names:
        if not os.path.lexists(f"{photos}/{name}.jpg"):
            os.symlink(os.path.abspath(f"{folder}/{name}.jpg"), f"{photos}/{name}.jpg")
    subprocess.run([f"{TOP}/build/maskmill", "run", "--quiet", photos, "-o", found], check=True)
    truth, results = [], []
    for image, name in enumerate(names, 1):
        record = json.load(open(f"{folder}/{name}.json"))
        first = min(a["annotator"] for a in record["annotations"])
        own = []
        for annotation in record["annotations"]:
            if annotation["annotator"] == first:
                segmentation = coco_mask.encode(np.asfortranarray(decode(annotation["segmentation"]).astype(np.uint8)))
                own.append(dict(id=len(truth) + len(own) + 1, image_id=image, category_id=1, iscrowd=0, segmentation=segmentation,
                                area=int(coco_mask.area(segmentation)), bbox=coco_mask.toBbox(segmentation).tolist()))
        truth += own
        put(photos, name, (record["image"]["height"], record["image"]["width"]), [dict(a) for a in own])
        for mask in json.load(open(f"{found}/{name}.json"))["annotations"]:
            segmentation = coco_mask.encode(np.asfortranarray(decode(mask["segmentation"]).astype(np.uint8)))
            results.append(dict(image_id=image, category_id=1, segmentation=segmentation, score=mask["predicted_iou"]))
    return truth, results


def reference(truth, results):
    """Figures by name: maskmill's names."""
    sizes = {a["image_id"]: a["segmentation"]["size"] for a in truth}
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = dict(info={}, images=[dict(id=i, height=h, width=w) for i, (h, w) in sorted(sizes.items())], annotations=truth, categories=[dict(id=i) for i in (1, 2, 3)])
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "segm")
        evaluation.params.useCats, evaluation.params.maxDets = 0, [10, 100, 1000]
        evaluation.evaluate()
        evaluation.accumulate()
    figures = {}
    for i, size in enumerate(evaluation.params.areaRngLbl):
        recall, precision = evaluation.eval["recall"][:, 0, i, :], evaluation.eval["precision"][:, :, 0, i, 2]
        for k, most in enumerate((10, 100, 1000)):
            figures[size, f"ar_at_{most}"] = recall[:, k].mean()
            figures[size, f"ar50_at_{most}"] = recall[0, k]
        figures.update({(size, "ap"): precision.mean(), (size, "ap50"): precision[0].mean(), (size, "ap75"): precision[5].mean()})
    return figures


def compare(name, work, make):
    """make(photos, found) writes pairs. Returns whether the figures differ."""
    subprocess.run(["rm", "-rf", work], check=True)
    photos, found = f"{work}/photos", f"{work}/found"
    os.makedirs(photos)
    os.makedirs(found)
    expected = reference(*make(photos, found))
    result = subprocess.run([f"{TOP}/build/maskmill", "eval", "--json", "--masks", found, photos], capture_output=True, text=True, check=True)
    automatic = json.loads(result.stdout)["automatic"]
    worst = 0
    for (size, figure), value in expected.items():
        ours = (automatic if size == "all" else automatic[size])[figure]
        worst = max(worst, abs((-1 if ours is None else ours) - value))
    failed = not worst <= CLOSE
    print(f"COCO, {name}: {len(expected)} figures within {worst:.1e}, AR@1000 {expected['all', 'ar_at_1000']:.6f}, "
          f"AP {expected['all', 'ap']:.6f}{'  FAILED' if failed else ''}", flush=True)
    return failed
