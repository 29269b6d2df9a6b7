"""Embeddings of masks by `maskmill run --embeddings` and by a plain NumPy twin over the official predictor, side by side. Called
by live.py. The twin follows docs/similar.md."""

import json
import os
import subprocess

import numpy as np
import torch
from PIL import Image
from pycocotools import mask as coco

import official

WIDER = 0.25  # of a box's longer side, on each side of a crop
CLOSE = 1e-3  # cosine distance, and numbers: float16 has 11 bits, and a number is below 1
SEARCH = ["--points-per-side", "5", "--pred-iou-thresh", "0", "--stability-score-thresh", "0", "--max-masks", "10", "--quiet"]


def shares(length, filled, size, cells):
    """[length][cells]: how much of each cell a pixel takes, where `length` pixels fill `filled` of `size`."""
    scale = cells * filled / size / length
    begin = np.arange(length)[:, None] * scale
    cell = np.arange(cells)[None]
    return np.clip(np.minimum(begin + scale, cell + 1) - np.maximum(begin, cell), 0, None)


def cover(mask, size, cells, square):
    """[cells][cells]: how much of each cell the mask covers. SAM scales the longest side to `size`, SAM 2 both."""
    height, width = mask.shape
    scale = size / max(height, width)
    filled = (size, size) if square else (int(height * scale + 0.5), int(width * scale + 0.5))
    return shares(height, filled[0], size, cells).T @ mask.astype(float) @ shares(width, filled[1], size, cells)


@torch.no_grad()
def mean(predictor, image, mask, size, square):
    """The image's embedding, averaged over the mask."""
    predictor.set_image(np.ascontiguousarray(image))
    embedding = predictor.get_image_embedding()[0].double().numpy()
    weight = cover(mask, size, embedding.shape[1], square)
    return (embedding * weight).sum((1, 2)) / weight.sum()


def around(mask):
    """The crop of a mask."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    wider = int(np.ceil(WIDER * max(rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1)))
    return (slice(max(0, rows[0] - wider), rows[-1] + 1 + wider), slice(max(0, columns[0] - wider), columns[-1] + 1 + wider))


def twin(kind, predictor, image, mask, size, square):
    if not mask.any():
        return np.zeros(predictor.get_image_embedding().shape[1])
    if kind == "image":
        row = mean(predictor, image, mask, size, square)
    else:
        crop = around(mask)
        row = sum(mean(predictor, part, cut, size, square) for part, cut in
                  ((image[crop], mask[crop]), (image[crop][:, ::-1], mask[crop][:, ::-1])))
    return row / np.linalg.norm(row)


def open_predictor(name, model):
    """(predictor, side of its input, whether it stretches images to a square)"""
    if name.startswith("hiera"):
        import official_sam2
        sam = official_sam2.load(model)
        return official_sam2.predictor(sam), sam.image_size, True
    from segment_anything import SamPredictor
    sam = official.load(model)
    return SamPredictor(sam), sam.image_encoder.img_size, False


def compare(name, model, photo, folder, program):
    """Prints how far both are apart; returns whether that is too far."""
    image = official.read_rgb(photo)[:220, :300]
    path = os.path.join(folder, "embeddings.png")
    Image.fromarray(image).save(path)
    predictor, size, square = open_predictor(name, model)
    predictor.set_image(image)
    bad = False
    for kind in ("image", "crop"):
        out = os.path.join(folder, f"embeddings-{name}-{kind}")
        subprocess.run([program, "run", path, "-o", out, "--model", model, "--overwrite", "--embeddings", kind, *SEARCH], check=True)
        with open(os.path.join(out, "embeddings.json")) as file:
            masks = [coco.decode(dict(a["segmentation"], counts=a["segmentation"]["counts"].encode())) > 0
                     for a in json.load(file)["annotations"]]
        ours = np.load(os.path.join(out, "@embeddings/embeddings.npy")).astype(float)
        theirs = np.array([twin(kind, predictor, image, mask, size, square) for mask in masks])
        apart = np.abs(ours - theirs).max()
        full = theirs.any(1)
        angle = (1 - (ours * theirs).sum(1)[full] / np.linalg.norm(ours[full], axis=1)).max(initial=0)
        bad = bad or not max(apart, angle) < CLOSE
        print(f"embeddings, {name}, {kind}: {len(masks)} masks, {ours.shape[1]} numbers differ by {apart:.1e} at most, 1 - cosine "
              f"{angle:.1e}{'' if max(apart, angle) < CLOSE else ': TOO MUCH'}", flush=True)
    return bad
