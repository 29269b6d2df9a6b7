"""Prompts through maskmill's library and through the official predictors, side by side: single points, several clicks with
background, boxes, boxes with points, and mask prompts alone and beside a point, each for three masks and for one. Called by
live.py."""

import numpy as np
import torch

import official
import official_sam2
from library import Segmenter

LOGITS, SCORE, IOU = 1e-2, 1e-3, 0.99  # largest difference of a logit and of a score; smallest IoU of the masks


def open_official(model):
    """The official predictor of a checkpoint."""
    if "hiera" in model:
        return official_sam2.predictor(official_sam2.load(model))
    from segment_anything import SamPredictor
    return SamPredictor(official.load(model))


def first_prompts(width, height):
    """Prompts without masks, by kind."""
    rng = np.random.default_rng(7)
    size = np.array([width, height])

    def points(count):
        return (rng.uniform(0.05, 0.95, (count, 2)) * size).round(2)

    def box():
        corner = rng.uniform(0, 0.6, 2)
        return (np.concatenate([corner, corner + rng.uniform(0.1, 0.4, 2)]) * np.tile(size, 2)).round(2)

    return {
        "point": [dict(points=points(1), labels=[1]) for _ in range(8)],
        "clicks": [dict(points=points(n), labels=[1] + [i % 2 for i in range(1, n)]) for n in (2, 3, 4, 6, 9, 16)],
        "box": [dict(box=box()) for _ in range(6)],
        "box and points": [dict(points=points(n), labels=[1, 0, 0][:n], box=box()) for n in (1, 2, 3)],
    }


def mask_prompts(predictor, width, height):
    """Prompts with the logits of an earlier answer: alone, beside its point, with a correction, and beside a box."""
    made = {"mask": [], "mask and points": []}
    for x, y in ((0.3, 0.4), (0.6, 0.55)):
        point = np.array([[x * width, y * height]]).round(2)
        logits = predictor.predict(point_coords=point, point_labels=np.array([1]))[2]
        wrong = np.array([[width - point[0, 0], height - point[0, 1]]])
        box = np.array([point[0, 0] - width / 5, point[0, 1] - height / 5, point[0, 0] + width / 5, point[0, 1] + height / 5]).round(2)
        made["mask"].append(dict(logits=logits[1]))
        made["mask and points"] += [dict(points=point, labels=[1], logits=logits[0]), dict(box=box, logits=logits[1]),
                                    dict(points=np.concatenate([point, wrong]), labels=[1, 0], logits=logits[2])]
    return made


@torch.no_grad()
def official_answer(predictor, prompt):
    """Masks bool [n,h,w], scores [n] and low-resolution logits [n,L,L]."""
    points = prompt.get("points")
    masks, scores, logits = predictor.predict(
        point_coords=points, point_labels=None if points is None else np.array(prompt["labels"]), box=prompt.get("box"),
        mask_input=prompt["logits"][None] if "logits" in prompt else None, multimask_output=not prompt.get("single", False))
    return masks > 0, scores, logits


def overlap(a, b):
    union = np.logical_or(a, b).sum()
    return np.logical_and(a, b).sum() / union if union else 1.0


def differences(ours, answer):
    """Largest difference of logits, of scores, and smallest IoU over the masks of a prompt."""
    masks, scores, logits = answer
    assert len(ours) == len(masks), f"{len(ours)} masks, expected {len(masks)}"
    return (max(float(np.abs(mine["logits"] - theirs).max()) for mine, theirs in zip(ours, logits)),
            max(abs(mine["score"] - float(theirs)) for mine, theirs in zip(ours, scores)),
            min(overlap(mine["bits"], theirs) for mine, theirs in zip(ours, masks)))


def check_many(segmenter, prompts, answers):
    """Whether predict_many gives all of them the masks that predict gave each of them."""
    many = segmenter.predict_many(prompts)
    alone = [dict(mask, prompt=i) for i, masks in enumerate(answers) for mask in masks]
    return len(many) == len(alone) and all(
        a["prompt"] == b["prompt"] and a["score"] == b["score"] and (a["bits"] == b["bits"]).all() for a, b in zip(many, alone))


def compare(name, model, images):
    """Prints a line for each kind of prompt. Returns the number of those that differ."""
    predictor, segmenter = open_official(model), Segmenter(model)
    worst, asked, failed = {}, {}, 0
    for path in images:
        pixels = official.read_rgb(path)
        height, width = pixels.shape[:2]
        predictor.set_image(pixels)
        segmenter.set_image(pixels)
        kinds = dict(first_prompts(width, height), **mask_prompts(predictor, width, height))
        prompts, answers = [], []
        for kind, several in kinds.items():
            for prompt in [dict(prompt, single=single) for prompt in several for single in (False, True)]:
                prompts.append(prompt)
                answers.append(segmenter.predict(prompt))
                found = differences(answers[-1], official_answer(predictor, prompt))
                worst.setdefault(kind, []).append(found)
        if not check_many(segmenter, prompts, answers):
            print(f"{name}: predict_many differs from predict")
            failed += 1
    for kind, found in worst.items():
        logits, scores, overlaps = zip(*found)
        good = max(logits) <= LOGITS and max(scores) <= SCORE and min(overlaps) >= IOU
        failed += not good
        print(f"{name:12} {kind:16} {len(found):3} prompts: logits within {max(logits):.1e}, scores {max(scores):.1e}, IoU {min(overlaps):.4f}"
              f"{'' if good else '  FAILED'}", flush=True)
    return failed
