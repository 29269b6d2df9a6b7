"""Scenes as training samples: padded images, prompts, and their true masks at low resolution."""
import cv2
import numpy as np
import torch

from scene import scene

CELL = 4  # pixels of the model's input along one side of a low-resolution cell


def low_resolution(mask, size):
    """Share of each cell that the mask covers, uint8 0..255, padded to a square."""
    square = np.zeros((size, size), np.float32)
    square[:mask.shape[0], :mask.shape[1]] = mask
    cells = cv2.resize(square, (size // CELL, size // CELL), interpolation=cv2.INTER_AREA)
    return np.round(cells * 255).astype(np.uint8)


def choose_pixel(rng, mask):
    """Half anywhere in the mask, half where people click: well inside. -> x, y"""
    if rng.random() < 0.5:
        inside = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        mask = inside >= inside.max() * rng.uniform(0.6, 1)
    rows, columns = np.nonzero(mask)
    chosen = rng.integers(len(rows))
    return columns[chosen], rows[chosen]


def noisy_box(rng, mask):
    """The mask's box, each side moved by a tenth of its length (deviation), at most a fiftieth of the image."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)
    sides = np.tile(box[2:] - box[:2], 2)
    most = max(mask.shape) / 50
    moved = box + np.clip(rng.normal(size=4) * 0.1 * sides, -most, most)
    return np.clip(moved, 0, np.tile(mask.shape[::-1], 2))


class Scenes(torch.utils.data.Dataset):
    """Sample i is scene i of a seed; the same index always gives the same sample.

    image uint8 [3, S, S], zeros where padded; extent int64 [2]: height and width of what is not padding; valid uint8
    [L, L]: share of each cell that is not padding, of 255; and for each of P prompts: point float [2] in pixels;
    targets uint8 [2, L, L] (part, whole), shares of 255; distinct bool: whether they differ; chosen 0 or 1: the target
    that is meant where there can be only one; box float [4] around that one, in pixels.
    """

    def __init__(self, seed, size, prompts):
        self.seed, self.size, self.prompts = seed, size, prompts

    def __getitem__(self, index):
        image, part, whole = scene(self.seed, index, self.size)
        rng = np.random.default_rng((self.seed, 2, index))
        padded = np.zeros((self.size, self.size, 3), np.uint8)
        padded[:image.shape[0], :image.shape[1]] = image
        samples = [self.prompt(rng, part, whole) for _ in range(self.prompts)]
        return {
            "image": torch.from_numpy(padded).permute(2, 0, 1),
            "extent": torch.tensor(part.shape),
            "valid": torch.from_numpy(low_resolution(np.ones(part.shape), self.size)),
            **{key: torch.from_numpy(np.stack([sample[key] for sample in samples])) for key in samples[0]},
        }

    def prompt(self, rng, part, whole):
        """Half by area, half every part alike; parts below 3 x 3 cells are only noise."""
        labels, areas = np.unique(part, return_counts=True)
        large = labels[areas >= 9 * CELL * CELL]
        if len(large) == 0:
            large = labels[areas == areas.max()]
        label = rng.choice(large) if rng.random() < 0.5 else rng.choice(part[np.isin(part, large)])
        inner = part == label
        x, y = choose_pixel(rng, inner)
        outer = whole == whole[y, x]
        chosen = rng.integers(2)
        return {
            "point": np.array([x, y], np.float32),
            "box": noisy_box(rng, outer if chosen else inner).astype(np.float32),
            "targets": np.stack([low_resolution(mask, self.size) for mask in (inner, outer)]),
            "distinct": np.bool_(outer.sum() > 1.02 * inner.sum()),
            "chosen": np.int64(chosen),
        }
