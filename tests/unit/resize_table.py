#!/usr/bin/env python3
"""Writes resize_table.h: what Pillow makes of pseudo-random images. Needs Pillow >= 13 and NumPy.

    python3 tests/unit/resize_table.py > tests/unit/resize_table.h

Pillow 13 runs the vertical pass first where an image loses more than twice as many rows as columns;
older versions always run the horizontal pass first, which differs by one level here and there.
"""
import numpy as np
import PIL
from PIL import Image

SIZES = [  # width, height, new width, new height
    (1, 1, 1, 1), (1, 1, 64, 64), (1, 1, 64, 1), (2, 1, 64, 32), (1, 2, 32, 64), (3, 3, 5, 5),
    (5, 4, 64, 51), (7, 300, 2, 64), (300, 7, 64, 1), (1, 8000, 1, 1024), (8000, 1, 1024, 1),
    (1, 8000, 1, 64), (64, 48, 64, 48), (64, 48, 64, 24), (64, 48, 32, 48), (64, 48, 200, 48),
    (64, 48, 64, 200), (180, 120, 102, 68), (120, 180, 68, 102), (80, 53, 102, 68),
    (100, 200, 50, 100), (100, 201, 50, 100), (100, 300, 21, 64), (100, 300, 100, 64),
    (101, 99, 100, 98), (640, 33, 64, 3), (33, 640, 3, 64), (257, 129, 256, 129), (400, 267, 64, 43),
    (31, 17, 256, 140), (500, 500, 1, 1), (2, 1000, 1, 3),
]


def noise(width, height, seed):
    """Bytes of a linear congruential generator, as random_image of test_resize.c makes them."""
    state, out = seed, np.empty(width * height * 3, np.uint8)
    for i in range(out.size):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        value = state >> 56
        # Half of the pixels are black or white: extremes show mistakes of rounding and of clipping.
        out[i] = value if state >> 55 & 1 else 255 * (value >> 7)
    return out.reshape(height, width, 3)


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


print("/* Made by resize_table.py with Pillow %s: width, height, new width, new height, FNV-1a of the RGB "
      "bytes,\n * bilinear and bicubic. */" % PIL.__version__)
for i, (w, h, nw, nh) in enumerate(SIZES):
    image = Image.fromarray(noise(w, h, i + 1))
    hashes = [fnv1a(image.resize((nw, nh), how).tobytes())
              for how in (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)]
    print("{%d, %d, %d, %d, {0x%016xU, 0x%016xU}}," % (w, h, nw, nh, *hashes))
