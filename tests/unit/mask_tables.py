#!/usr/bin/env python3
"""Writes tests/unit/mask_tables.h: what the reference's libraries answer to small questions, so that unit tests need none of them.

Needs torch, torchvision, opencv-python-headless, pycocotools and segment-anything, as `make parity` installs them:
    python tests/unit/mask_tables.py | clang-format --assume-filename=a.h > tests/unit/mask_tables.h
Inputs come from a generator of pseudo-random numbers that tests/unit/random.h has, too.
"""
import numpy as np
import torch
import torch.nn.functional as F
from pycocotools import mask as coco
from segment_anything.utils import amg
from torchvision.ops.boxes import batched_nms


class Random:
    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n


def bitmap(seed, height, width, percent):
    random = Random(seed)
    return np.array([[random.below(100) < percent for _ in range(width)] for _ in range(height)], bool)


def blobs(seed, height, width, percent):
    """Cells of 4 x 4 pixels are set or not, then every 16th pixel is turned over."""
    random = Random(seed)
    coarse = [[random.below(100) < percent for _ in range(width // 4 + 1)] for _ in range(height // 4 + 1)]
    return np.array([[coarse[y // 4][x // 4] ^ (random.below(16) == 0) for x in range(width)] for y in range(height)], bool)


def logits(seed, size):
    """Steps between cells of 4 x 4, plus noise; multiples of 1/128, so exact in float."""
    random = Random(seed)
    cells = [[random.below(2) * 12 - 6 for _ in range(size // 4)] for _ in range(size // 4)]
    return np.array([[cells[r // 4][c // 4] + (random.below(1025) - 512) / 128 for c in range(size)] for r in range(size)],
                    np.float32)


def string(mask):
    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()


def table(kind, name, rows):
    print(f"\nstatic const struct {kind} {name}[] = {{")
    for row in rows:
        print(f"    {{{', '.join(row)}}},")
    print("};")


def lines(text):
    """A C string, cut into pieces that do not split an escape."""
    pieces, piece = [], ""
    for c in text:
        piece += {"\\": "\\\\", "?": "\\?"}.get(c, c)
        if len(piece) > 80:
            pieces.append(piece)
            piece = ""
    return "\n     ".join(f'"{p}"' for p in pieces + [piece])


def coco_rows():
    sizes = [(1, 1, 0), (1, 1, 100), (3, 5, 50), (7, 2, 30), (40, 30, 50), (1, 300, 50), (300, 1, 50), (64, 64, 97), (2000, 30, 3)]
    for i, (h, w, p) in enumerate(sizes):
        yield [str(i + 1), str(h), str(w), str(p), lines(string(bitmap(i + 1, h, w, p)))]


def nms_rows():
    for seed, count, scores, threshold in ((1, 40, 1000, .7), (2, 60, 4, .5), (3, 60, 1, .3), (4, 30, 1000, 0.), (5, 50, 9, 1.), (6, 50, 3, .9)):
        random = Random(seed)
        boxes, values = [], []
        for _ in range(count):
            x, y = random.below(40), random.below(40)
            boxes.append([x, y, x + random.below(40), y + random.below(40)])
            values.append(random.below(scores) / 64)
        keep = batched_nms(torch.tensor(boxes).float(), torch.tensor(values, dtype=torch.float32), torch.zeros(count), threshold)
        yield [str(seed), str(count), str(scores), repr(threshold), str(len(keep)), "{" + ", ".join(map(str, keep.tolist())) + "}"]


def crop_rows():
    for w, h, layers, ratio in ((1800, 1200, 2, 512 / 1500), (640, 481, 3, 0.25), (333, 1000, 1, 0.5), (9, 7, 2, 512 / 1500)):
        boxes, of_layer = amg.generate_crop_boxes((h, w), layers, ratio)
        check = 0
        for (x0, y0, x1, y1), layer in zip(boxes, of_layer):
            for value in (x0, y0, x1 - x0, y1 - y0, layer):
                check = (check * 31 + value) % 2**32
        yield [str(w), str(h), str(layers), repr(ratio), str(len(boxes)), f"{check}u", "{%d, %d, %d, %d}" % tuple(
            (boxes[-1][0], boxes[-1][1], boxes[-1][2] - boxes[-1][0], boxes[-1][3] - boxes[-1][1]))]


def grid_rows():
    for n in (1, 2, 3, 7, 32, 64):
        points = amg.build_point_grid(n)
        for i in sorted({0, 1 % (n * n), n - 1, n * n // 2, n * n - 1}):
            yield [str(n), str(i), float(points[i][0]).hex(), float(points[i][1]).hex()]


def scan_rows():
    sizes = [(16, 64, 64, 64, 96), (16, 43, 64, 40, 60), (16, 64, 64, 64, 64), (16, 64, 48, 31, 23), (16, 64, 1, 500, 1), (16, 64, 64, 1, 1),
             (32, 86, 128, 211, 313), (32, 128, 77, 301, 180)]
    for i, (low, ih, iw, ch, cw) in enumerate(sizes):
        offset = (1.0, 0.5, 2.0)[i % 3]
        x = torch.from_numpy(logits(i + 1, low))[None, None].repeat(1, 3, 1, 1)
        x = F.interpolate(x, (4 * low, 4 * low), mode="bilinear", align_corners=False)[..., :ih, :iw]
        x = F.interpolate(x, (ch, cw), mode="bilinear", align_corners=False)[:, :1]
        score = amg.calculate_stability_score(x[0], 0.0, offset).item()
        yield [str(i + 1), str(low), str(ih), str(iw), str(ch), str(cw), str(offset), float(score).hex(), lines(string(x[0, 0].numpy() > 0))]


def direct_rows():
    """SAM 2 enlarges once; beside three masks a prompt, or one with use_m2m."""
    sizes = [(16, 96, 64, 3), (16, 300, 447, 3), (16, 16, 16, 3), (16, 9, 23, 1), (32, 333, 500, 3), (32, 1, 500, 3), (16, 64, 1000, 1),
             (64, 96, 50, 1), (20, 61, 37, 3)]
    for i, (low, ch, cw, masks) in enumerate(sizes):
        offset = (1.0, 0.5, 2.0)[i % 3]
        x = torch.from_numpy(logits(i + 21, low))[None, None].repeat(64, masks, 1, 1)
        x = F.interpolate(x, (ch, cw), mode="bilinear", align_corners=False)[:1, :1]
        score = amg.calculate_stability_score(x[0], 0.0, offset).item()
        yield [str(i + 21), str(low), "0", "0", str(ch), str(cw), str(offset), float(score).hex(), lines(string(x[0, 0].numpy() > 0))]


def region_rows():
    for seed, h, w, p, area in ((1, 40, 50, 50, 10), (2, 33, 29, 50, 5), (3, 30, 30, 30, 1000), (4, 25, 31, 60, 40), (5, 64, 64, 45, 30),
                                (6, 20, 20, 100, 50), (7, 12, 64, 50, 17), (8, 24, 24, 8, 500)):
        mask = blobs(seed, h, w, p)
        filled, holes = amg.remove_small_regions(mask, area, "holes")
        clean, islands = amg.remove_small_regions(filled, area, "islands")
        yield [str(seed), str(h), str(w), str(p), str(area), str(int(holes)), str(int(islands)), lines(string(filled)), lines(string(clean))]


print("""/* mask_tables.h - answers of the reference's libraries; mask_tables.py writes it and says how. */
#ifndef TESTS_UNIT_MASK_TABLES_H
#define TESTS_UNIT_MASK_TABLES_H

#include <stdint.h>

#include "base/geometry.h"

/* pycocotools' string of a random bitmap of which `percent` is set. */
struct coco_case {
    uint64_t seed;
    uint32_t height, width, percent;
    const char *string;
};

/* The boxes that torchvision's batched_nms keeps of `count` random ones with `scores` different scores. */
struct nms_case {
    uint64_t seed;
    uint32_t count, scores;
    double threshold;
    size_t kept;
    size_t keep[64];
};

/* generate_crop_boxes: how many, a sum over all numbers, and the last crop. */
struct crop_case {
    int32_t width, height;
    int layers;
    double ratio;
    size_t count;
    uint32_t check;
    struct rect last;
};

/* Point `index` of build_point_grid(side). */
struct grid_case {
    int side, index;
    double x, y;
};

/* The stability score and the mask of logits enlarged by torch: twice, or once where the input has
 * no size. */
struct scan_case {
    uint64_t seed;
    int low_size, input_height, input_width, crop_height, crop_width;
    float offset, score;
    const char *string;
};

/* remove_small_regions of random blobs: holes, then islands. */
struct region_case {
    uint64_t seed;
    uint32_t height, width, percent;
    uint64_t min_area;
    int holes, islands;
    const char *filled, *clean;
};""")
table("coco_case", "coco_cases", coco_rows())
table("nms_case", "nms_cases", nms_rows())
table("crop_case", "crop_cases", crop_rows())
table("grid_case", "grid_cases", grid_rows())
table("scan_case", "scan_cases", [*scan_rows(), *direct_rows()])
table("region_case", "region_cases", region_rows())
print("\n#endif")
