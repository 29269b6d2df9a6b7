#!/usr/bin/env python3
"""Makes the committed files of tests/parity again: drawn images, two small random models, and what the official code
finds in them and with the built-in model.

    python3 -m venv build/reference && build/reference/bin/pip install -r tests/parity/requirements.txt
    build/reference/bin/python tests/parity/make_dumps.py [MODEL...]        (all, or some of vit_xs tiny_xs builtin)

Each dumps/MODEL.safetensors holds, for one image (S, C, G, L, P as in model/sam.h):
    embedding [C,K,K]       every n-th of its G positions, down and across, n = G // 12 | 1
    and for each set of prompts (sets below): SET.xy [P,points,2] in model pixels, SET.labels [P,points], SET.boxes [P,4],
    and the answers SET.iou [P,4] and SET.logits [P,4,32,K]: 32 rows L // 32 apart, every n-th column, n = L // 32 | 1
A part of embedding and logits is enough: an error of the model shows nearly everywhere, and each new built-in model adds
its dump to the repository's size. The odd steps make the samples fall on every phase of windows and upscaled pixels.
The sets whose names end in mask have mask prompts too. They are not kept: test_model.c makes them as mask_prompts does.
dumps/inputs.safetensors holds the resized pixels [h,w,3], 0..255, of every image, by the image's name, for S = 256.
Records of whole images are in records/MODEL-IMAGE.json, those of the SA-1B recipe in records/MODEL-sa1b-IMAGE.json.
"""

import hashlib
import os
import subprocess
import sys

import numpy as np
import torch
from safetensors.torch import save_file

import official
import sa1b

HERE = os.path.dirname(os.path.abspath(__file__))
BUILTIN = os.path.join(HERE, "../../model/builtin.safetensors")
IMAGES = ("enlarged", "shrunk", "tall")
SEED = 5

# Options of whole records. Random models' masks are noise over the whole image with boxes that all overlap.
RANDOM_OPTIONS = dict(points_per_side=8, box_nms_thresh=1.0, stability_score_thresh=0.5)
BUILTIN_OPTIONS = dict(points_per_side=16, pred_iou_thresh=0.4, stability_score_thresh=0.6)
RECORDS = {
    "vit_xs": [("enlarged", RANDOM_OPTIONS)],
    "tiny_xs": [("tall", RANDOM_OPTIONS)],
    "builtin": [(image, BUILTIN_OPTIONS) for image in IMAGES],
}
# The recipe's rule for masks that cover the image is seen in one of them alone, and at a lower share.
RECIPE_THRESHOLDS = dict(pred_iou_thresh=0.4, stability_score_thresh=0.6)
RECIPE_RECORDS = {
    "builtin": [("enlarged", RECIPE_THRESHOLDS), ("tall", dict(RECIPE_THRESHOLDS, max_area_fraction=0.2))],
}


def sets(size):
    """Prompts of every kind, without the mask prompts that those have whose names end in mask."""
    rng = np.random.default_rng(11)

    def xy(prompts, points):
        return torch.as_tensor(rng.uniform(0, size, (prompts, points, 2)).round(3), dtype=torch.float32)

    def boxes(prompts):
        corner = rng.uniform(0, 0.6 * size, (prompts, 2))
        return torch.as_tensor(np.hstack([corner, corner + rng.uniform(0.1, 0.4, (prompts, 2)) * size]).round(3), dtype=torch.float32)

    def labels(prompts, *row):
        return torch.tensor([row] * prompts, dtype=torch.float32)

    return {
        "points": dict(xy=xy(3, 1), labels=labels(3, 1)),
        "clicks": dict(xy=xy(2, 4), labels=labels(2, 1, 0, 1, -1)),
        "boxes": dict(boxes=boxes(2)),
        "box_and_points": dict(xy=xy(2, 2), labels=labels(2, 1, 0), boxes=boxes(2)),
        "point_and_mask": dict(xy=xy(2, 1), labels=labels(2, 1)),
        "box_and_mask": dict(boxes=boxes(2)),
    }


def mask_prompts(sam, embedding):
    """Logits of an earlier answer, as they are and changed: [2,L,L]."""
    middle = torch.full((1, 1, 2), sam.image_encoder.img_size * 0.4)
    low = official.decode(sam, embedding, points=(middle, torch.ones(1, 1)))[0][0, 1]
    return torch.stack([low, low.flip(1).clamp(-6, 6)])


def answer(sam, embedding, prompts, masks):
    points = (prompts["xy"], prompts["labels"]) if "xy" in prompts else None
    return official.decode(sam, embedding, points=points, boxes=prompts.get("boxes"), masks=masks)


def save(tensors, path, metadata=None):
    save_file({name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}, path, metadata)
    os.chmod(path, 0o644)


def write(path, model, embedding, answers, **more):
    """Writes the dump of a model file to `path`: its embedding, `more` tensors, and answers, which for each set of prompts
    has the prompts, logits and predicted IoU."""
    step = embedding.shape[-1] // 12 | 1
    out = dict(embedding=embedding[0, :, ::step, ::step], **more)
    for kind, (prompts, logits, iou) in answers.items():
        row = logits.shape[-1] // 32
        out.update({f"{kind}.{key}": value for key, value in prompts.items()})
        out.update({f"{kind}.iou": iou, f"{kind}.logits": logits[:, :, :32 * row:row, ::row | 1]})
    save(out, path, {"model_sha256": hashlib.sha256(open(model, "rb").read()).hexdigest()})


def answers(sam, embedding, size):
    """What `write` wants of a model like SAM, whose prompts lie in a square of `size` pixels."""
    masks = mask_prompts(sam, embedding)
    return {kind: (prompts, *answer(sam, embedding, prompts, masks[:, None] if kind.endswith("mask") else None))
            for kind, prompts in sets(size).items()}


def dump(model, image, path, load=official.load):
    """Writes the dump of a model file and an image file to `path`; returns the official model."""
    sam = load(model)
    with torch.no_grad():
        embedding = sam.image_encoder(official.model_input(sam, official.read_rgb(image)))
    write(path, model, embedding, answers(sam, embedding, sam.image_encoder.img_size))
    return sam


def image_path(name):
    return f"{HERE}/images/{name}.png"


def main(models):
    torch.set_num_threads(1)  # the same rounding on any number of cores
    for folder in ("images", "models", "dumps", "records"):
        os.makedirs(os.path.join(HERE, folder), exist_ok=True)
    subprocess.run([sys.executable, os.path.join(HERE, "draw.py"), os.path.join(HERE, "images")], check=True)
    for name in models:
        path = BUILTIN
        if name != "builtin":
            path = f"{HERE}/models/{name}.safetensors"
            official.save(official.random(name, SEED), path, half=True)
        sam = dump(path, image_path(IMAGES[0]), f"{HERE}/dumps/{name}.safetensors")
        for find, prefix, cases in ((official.records, name, RECORDS), (sa1b.records, name + "-sa1b", RECIPE_RECORDS)):
            for image, options in cases.get(name, []):
                pixels = official.read_rgb(image_path(image))
                found = find(sam, pixels, **options)
                official.write_record(f"{HERE}/records/{prefix}-{image}.json", image + ".png", pixels, found)
                print(f"{prefix} {image}: {len(found)} masks")
    resized = {image: torch.as_tensor(official.resized(256, official.read_rgb(image_path(image)))).half() for image in IMAGES}
    save(resized, f"{HERE}/dumps/inputs.safetensors")


if __name__ == "__main__":
    main(sys.argv[1:] or list(RECORDS))
