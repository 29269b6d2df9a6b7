"""Edges by maskmill's library and by a plain NumPy twin over the official predictor, side by side. Called by live.py.

The twin follows docs/edges.md step by step, with whole planes in place of maskmill's windows."""

import ctypes

import numpy as np
import torch

import official
from library import Segmenter, pointer

SIDE, NMS, CLOSE = 16, 0.7, 1e-3
# Borders and NMS come from comparisons: where both sides are equal but for rounding, a pixel or a mask may go either way.
TIES = 1e-3  # part of the pixels


class Options(ctypes.Structure):
    _fields_ = [("points_per_side", ctypes.c_int), ("box_nms_thresh", ctypes.c_double), ("mask_threshold", ctypes.c_double),
                ("thick", ctypes.c_bool)]


def ours(segmenter, shape, thick):
    options = Options(SIDE, NMS, 0, thick)
    edges = np.zeros(shape, np.float32)
    segmenter.call("mm_segmenter_edges", ctypes.byref(options), pointer(edges, ctypes.c_float))
    return edges


@torch.no_grad()
def candidates(predictor, shape):
    """All masks of the grid: logits at full resolution, predicted IoU, inclusive boxes. Empty ones are left out."""
    found = []
    for y in range(SIDE):
        for x in range(SIDE):
            point = np.array([[(x + 0.5) / SIDE * shape[1], (y + 0.5) / SIDE * shape[0]]])
            logits, scores, _ = predictor.predict(point, np.array([1]), return_logits=True)
            for plane, score in zip(logits, scores):
                rows, columns = np.nonzero(plane > 0)
                if len(rows):
                    found.append((plane, float(score), (columns.min(), rows.min(), columns.max(), rows.max())))
    return found


def suppress(found):
    """Box NMS by predicted IoU, with areas (x1 - x0) (y1 - y0) as the official generator has them."""
    boxes = np.array([box for _, _, box in found], np.float32)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept = []
    for at in np.argsort([-score for _, score, _ in found], kind="stable"):
        corner = np.maximum(boxes[at, :2], boxes[kept, :2]), np.minimum(boxes[at, 2:], boxes[kept, 2:])
        inside = np.prod(np.maximum(corner[1] - corner[0], 0), axis=1)
        if not (inside > np.float32(NMS) * (area[at] + area[kept] - inside)).any():
            kept.append(at)
    return kept


def shifted(plane, dy, dx):
    """The plane's pixel at (y + dy, x + dx); beyond its border, the border."""
    rows = np.clip(np.arange(plane.shape[0]) + dy, 0, plane.shape[0] - 1)
    columns = np.clip(np.arange(plane.shape[1]) + dx, 0, plane.shape[1] - 1)
    return plane[rows][:, columns]


def strength(logits):
    """Sobel of the probability along the border of the mask."""
    p = 1 / (1 + np.exp(-logits.astype(np.float64)))
    mask = logits > 0
    gx = sum(weight * (shifted(p, dy, 1) - shifted(p, dy, -1)) for dy, weight in ((-1, 1), (0, 2), (1, 1)))
    gy = sum(weight * (shifted(p, 1, dx) - shifted(p, -1, dx)) for dx, weight in ((-1, 1), (0, 2), (1, 1)))
    around = sum(shifted(mask, dy, dx).astype(int) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
    return np.where((around > 0) & (around < 9), np.hypot(gx, gy), 0)


def smooth(plane):
    """A triangle filter of radius 4 in both directions; the plane is mirrored at its border."""
    for axis in (0, 1):
        padded = np.pad(plane, [(4, 4) if axis == at else (0, 0) for at in (0, 1)], mode="symmetric")
        plane = sum((5 - abs(d)) / 25 * np.take(padded, np.arange(4 + d, 4 + d + plane.shape[axis]), axis) for d in range(-4, 5))
    return plane


def sample(plane, y, x):
    """Between pixels, bilinearly."""
    y, x = np.clip(y, 0, plane.shape[0] - 1), np.clip(x, 0, plane.shape[1] - 1)
    y0, x0 = y.astype(int), x.astype(int)
    y1, x1 = np.minimum(y0 + 1, plane.shape[0] - 1), np.minimum(x0 + 1, plane.shape[1] - 1)
    dy, dx = y - y0, x - x0
    return (1 - dy) * ((1 - dx) * plane[y0, x0] + dx * plane[y0, x1]) + dy * ((1 - dx) * plane[y1, x0] + dx * plane[y1, x1])


def thinned(edges):
    down, across = np.gradient(smooth(edges))
    dxx, (dyy, dxy) = np.gradient(across)[1], np.gradient(down)
    angle = np.arctan(dyy * np.sign(-dxy) / (dxx + 1e-5))
    y, x = np.mgrid[:edges.shape[0], :edges.shape[1]].astype(float)
    dx, dy = np.cos(angle), np.sin(angle)
    stays = (1.01 * edges >= sample(edges, y + dy, x + dx)) & (1.01 * edges >= sample(edges, y - dy, x - dx))
    margin = [np.minimum(np.minimum(np.arange(n), np.arange(n)[::-1]), 5) / 5 for n in edges.shape]
    return np.where(stays, edges * np.outer(*margin), 0)


def twin(predictor, shape):
    """The edges of the image that the predictor has, before and after thinning."""
    found = candidates(predictor, shape)
    edges = np.zeros(shape)
    for at in suppress(found):
        edges = np.maximum(edges, strength(found[at][0]))
    edges /= edges.max() or 1
    return edges, thinned(edges)


def compare(name, model, photo):
    """Prints how far both are apart; returns whether that is too far."""
    from segment_anything import SamPredictor
    image = official.read_rgb(photo)[:220, :300]
    predictor = SamPredictor(official.load(model))
    predictor.set_image(image)
    segmenter = Segmenter(model)
    segmenter.set_image(image)
    bad = False
    for step, theirs in zip(("thick", "thinned"), twin(predictor, image.shape[:2])):
        apart = np.abs(ours(segmenter, theirs.shape, step == "thick") - theirs)
        share = np.mean(apart > CLOSE)
        bad = bad or share > TIES
        print(f"edges, {name}, {step}: {np.count_nonzero(theirs)} pixels, {share:.1e} of all differ by more than {CLOSE}, by "
              f"{apart.max():.1e} at most{': TOO MANY' if share > TIES else ''}", flush=True)
    return bad
