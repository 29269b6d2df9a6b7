"""Clicks where the mask is most wrong: `maskmill eval --clicks 9 --box-prompts` beside a plain twin over the official predictor, on the
same true segments. Called by live.py.

The twin follows docs/evaluation.md: distances by SciPy on padded bitmaps, one prompt at a time. Where a float goes either way, a click
may move, and the masks after it differ; so means are compared. The twin also drives maskmill's library, to say how many clicks moved."""

import glob
import json
import os
import subprocess

import numpy as np
import torch
from pycocotools import mask as coco_mask
from scipy import ndimage

import official
from library import TOP, Segmenter
from live_predictor import official_answer, open_official, overlap

CLICKS, MEAN = 9, 0.005  # largest difference of a mean IoU
SEGMENTS = 8             # of an image


def decode(segmentation):
    counts = segmentation["counts"]
    if isinstance(counts, list):
        segmentation = coco_mask.frPyObjects(segmentation, *segmentation["size"])
    return coco_mask.decode(segmentation).astype(bool)


def chosen(record):
    """Annotations of the first annotator, spread over the record."""
    first = min(a.get("annotator", 0) for a in record["annotations"])
    own = [a for a in record["annotations"] if a.get("annotator", 0) == first and decode(a["segmentation"]).any()]
    return own[::max(1, -(-len(own) // SEGMENTS))]


def prepared(folder, most, work):
    """A folder with the photographs of another one, each with some of its true segments."""
    os.makedirs(work, exist_ok=True)
    names = []
    for record in sorted(glob.glob(f"{folder}/*.json"))[:most]:
        photo = record[:-5] + ".jpg"
        name = os.path.basename(photo)[:-4]
        document = json.load(open(record))
        document["annotations"] = chosen(document)
        json.dump(document, open(f"{work}/{name}.json", "w"))
        if not os.path.lexists(f"{work}/{name}.jpg"):
            os.symlink(os.path.abspath(photo), f"{work}/{name}.jpg")
        names.append(name)
    return names


def centre(bits):
    """The pixel farthest from the border, the first row by row, and its distance squared; 0 where there is no pixel."""
    squared = np.rint(ndimage.distance_transform_edt(np.pad(bits, 1))[1:-1, 1:-1] ** 2)
    y, x = np.unravel_index(np.argmax(squared), squared.shape)
    return (int(x), int(y)), squared[y, x]


def next_click(truth, mask):
    """A click and its label, or None if nothing is wrong."""
    missed, far = centre(truth & ~mask)
    extra, too_far = centre(mask & ~truth)
    if far == too_far == 0:
        return None
    return (missed, 1) if far > too_far else (extra, 0)


def click(predict, truth):
    """IoU of the best of three masks, IoUs after 1..9 clicks, and the clicks. predict(prompt) -> masks, scores, logits."""
    mask, logits, best, found, clicks = np.zeros_like(truth), None, 0, [], []
    for count in range(CLICKS):
        wrong = next_click(truth, mask)
        if wrong is None:
            found += [1.0] * (CLICKS - count)
            break
        clicks.append(wrong)
        prompt = dict(points=np.array([point for point, _ in clicks], float), labels=[label for _, label in clicks], single=count > 0)
        if logits is not None:
            prompt["logits"] = logits
        masks, scores, planes = predict(prompt)
        if count == 0:
            best = max(overlap(one, truth) for one in masks)
        carried = int(np.argmax(scores))
        mask, logits = masks[carried], planes[carried]
        found.append(overlap(mask, truth))
    return best, found, clicks


def boxed(predict, truth):
    rows, columns = np.nonzero(truth)
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], float)
    return overlap(predict(dict(box=box, single=True))[0][0], truth)


def library_answer(segmenter, prompt):
    masks = segmenter.predict(prompt)
    return [m["bits"] for m in masks], [m["score"] for m in masks], [m["logits"] for m in masks]


@torch.no_grad()
def twin(model, folder, names):
    """Means [best of three, 1..9 clicks, box] by the official predictor; clicks, and those that the library places elsewhere."""
    predictor, segmenter = open_official(model), Segmenter(model)
    rows, total, moved, segments = [], 0, 0, 0
    for name in names:
        pixels = official.read_rgb(f"{folder}/{name}.jpg")
        predictor.set_image(pixels)
        segmenter.set_image(pixels)
        for annotation in json.load(open(f"{folder}/{name}.json"))["annotations"]:
            truth = decode(annotation["segmentation"])
            best, found, clicks = click(lambda prompt: official_answer(predictor, prompt), truth)
            ours = click(lambda prompt: library_answer(segmenter, prompt), truth)[2]
            rows.append([best, *found, boxed(lambda prompt: official_answer(predictor, prompt), truth)])
            differ = [a != b for a, b in zip(clicks, ours)]
            total, moved, segments = total + len(clicks), moved + sum(differ), segments + any(differ)
    return np.mean(rows, axis=0), len(rows), total, moved, segments


def measured(model, folder):
    """The same means by `maskmill eval`."""
    result = subprocess.run([f"{TOP}/build/maskmill", "eval", "--json", "--model", model, "--clicks", str(CLICKS), "--box-prompts",
                             "--set", "points-per-side=1", folder], capture_output=True, text=True, check=True)
    found = json.loads(result.stdout)
    clicks = found["clicks"]
    return np.array([found["single_click"]["miou_best_of_3"], clicks["miou_1_click"],
                     *(clicks[f"miou_{n}_clicks"] for n in range(2, CLICKS + 1)), found["box"]["miou"]])


def compare(name, model, folder, most, work):
    """Prints the means of both sides. Returns True if they differ."""
    names = prepared(folder, most, work)
    theirs, count, total, moved, segments = twin(model, work, names)
    ours = measured(model, work)
    failed = not np.abs(ours - theirs).max() <= MEAN
    print(f"clicks, {name}: {len(names)} photographs, {count} segments; {moved} of {total} clicks differ, on {segments} segments")
    for label, a, b in zip(("best of 3", *map(str, range(1, CLICKS + 1)), "box"), ours, theirs):
        print(f"  {label:10} maskmill {a:.5f}  official {b:.5f}  {a - b:+.5f}")
    print(f"  largest difference of a mean {np.abs(ours - theirs).max():.5f}{'  FAILED' if failed else ''}", flush=True)
    return failed
