#!/usr/bin/env python3
"""Edges without a model, to stand beside those of `maskmill edges`: writes a gray PNG for each JPEG of a folder.

    edge_baselines.py sobel|canny|felzenszwalb PHOTOS MAPS

Then `maskmill eval --edges PHOTOS --maps MAPS`. Needs scikit-image and Pillow.

sobel         length of the Sobel gradient of the gray image
canny         the gradient after a Gaussian of sigma 2, only along crests (Canny's suppression; the benchmark's thresholds
              take the place of hysteresis)
felzenszwalb  share of nine segmentations, from fine to coarse, that have a border there
"""

import glob
import os
import sys

import numpy as np
from PIL import Image
from skimage import color, filters, segmentation


def sobel(gray, _):
    return filters.sobel(gray)


def canny(gray, _):
    smooth = filters.gaussian(gray, 2)
    dy, dx = np.gradient(smooth)
    length, angle = np.hypot(dx, dy), np.rint(np.arctan2(dy, dx) / (np.pi / 4)).astype(int) % 4
    padded = np.pad(length, 1)
    height, width = gray.shape
    crest = np.zeros_like(length)
    for kind, (y, x) in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        ahead, behind = (padded[1 + s * y:1 + s * y + height, 1 + s * x:1 + s * x + width] for s in (1, -1))
        here = (angle == kind) & (length >= ahead) & (length > behind)
        crest[here] = length[here]
    return crest


def felzenszwalb(_, rgb):
    scales = np.geomspace(20, 2000, 9)
    return sum(segmentation.find_boundaries(segmentation.felzenszwalb(rgb, scale=scale, sigma=0.8, min_size=int(scale / 4)))
               for scale in scales) / len(scales)


def main(kind, photos, maps):
    make = {"sobel": sobel, "canny": canny, "felzenszwalb": felzenszwalb}[kind]
    os.makedirs(maps, exist_ok=True)
    for path in sorted(glob.glob(f"{photos}/*.jpg")):
        rgb = np.asarray(Image.open(path).convert("RGB"))
        strength = make(color.rgb2gray(rgb), rgb).astype(float)
        strength /= strength.max() or 1
        name = os.path.splitext(os.path.basename(path))[0]
        Image.fromarray(np.uint8(np.rint(255 * strength))).save(f"{maps}/{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:])
