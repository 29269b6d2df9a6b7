#!/usr/bin/env python3
"""Draws the test images of tests/parity: flat shapes with soft edges and a light ramp, the same every time.

draw.py OUTDIR
"""

import os
import sys

import numpy as np
from PIL import Image

#        name           width height seed  shapes
SCENES = (("enlarged", 200, 136, 1, 9), ("shrunk", 420, 300, 2, 16), ("tall", 90, 256, 3, 8))


def shape(rng, x, y, width, height):
    """Coverage 0..1 of a rotated ellipse or rectangle."""
    cx, cy, angle = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0, np.pi)
    a, b = rng.uniform(0.08, 0.3, 2) * max(width, height)
    u = ((x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)) / a
    v = ((y - cy) * np.cos(angle) - (x - cx) * np.sin(angle)) / b
    inside = 1 - (np.hypot(u, v) if rng.random() < 0.5 else np.maximum(abs(u), abs(v)))
    return np.clip(inside * min(a, b) + 0.5, 0, 1)


def draw(width, height, seed, shapes):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    canvas = np.empty((height, width, 3))
    canvas[:] = rng.uniform(40, 215, 3)
    for _ in range(shapes):
        cover = shape(rng, x, y, width, height)[..., None]
        canvas = canvas * (1 - cover) + rng.uniform(10, 245, 3) * cover
    light = 0.85 + 0.3 * x / width
    return np.clip(canvas * light[..., None], 0, 255).round().astype(np.uint8) // 4 * 4


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, *scene in SCENES:
        Image.fromarray(draw(*scene)).save(os.path.join(sys.argv[1], name + ".png"), optimize=True)
