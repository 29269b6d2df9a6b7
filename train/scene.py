"""Drawn scenes for training: an image, and for every pixel which part and which whole it belongs to.

    scene.py --sheet FILE             16 scenes on one sheet, to look at
    scene.py --write FOLDER           pairs of image and record, as `maskmill eval` reads them
             [--count N] [--seed S] [--size PIXELS]

Scene number i of seed s is the same on every machine that has the same versions of NumPy and OpenCV.
"""
import argparse
import functools
import json
import pathlib

import cv2
import numpy as np

from shape import Frame, draw
from texture import Bank, noise

cv2.setNumThreads(1)

CHAPTER = 4096  # scenes that share a bank of textures


@functools.lru_cache(maxsize=1)
def bank_of(seed, chapter):
    return Bank(np.random.default_rng((seed, 1, chapter)))


class Canvas:
    """The image so far, and the labels of parts and wholes. 0 is the background until it is divided."""

    def __init__(self, rng, bank, height, width):
        self.rng, self.bank = rng, bank
        self.image = bank.cut(rng, height, width)
        self.part = np.zeros((height, width), np.int32)
        self.whole = np.zeros((height, width), np.int32)
        self.parts = self.wholes = 0
        self.light = rng.uniform(0, 2 * np.pi)

    def window(self, frame, reach=1.9):
        """The part of the image that a shape in this frame may touch, or None."""
        height, width = self.part.shape
        margin = frame.radius * reach + 3
        x0, y0 = max(0, int(frame.x - margin)), max(0, int(frame.y - margin))
        x1, y1 = min(width, int(frame.x + margin) + 1), min(height, int(frame.y + margin) + 1)
        return (x0, y0, x1, y1) if x1 - x0 > 1 and y1 - y0 > 1 else None

    def begin_whole(self):
        self.wholes += 1

    def shade(self, texture, mask, radius):
        """Light from one side, or a body that turns away at its rim."""
        rng = self.rng
        height, width = mask.shape
        kind = rng.random()
        if kind < 0.4:
            y, x = np.mgrid[0:height, 0:width].astype(np.float32)
            slope = ((x - width / 2) * np.cos(self.light) + (y - height / 2) * np.sin(self.light)) / (radius + 1)
            texture = texture * np.clip(1 + rng.uniform(0.05, 0.5) * slope, 0.25, 1.7)[..., None]
        elif kind < 0.7:
            inside = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
            rim = np.clip(inside / (radius * rng.uniform(0.2, 0.8) + 1), 0, 1)
            texture = texture * (rng.uniform(0.3, 0.9) + (1 - rng.uniform(0, 0.3)) * 0.5 * rim)[..., None]
        return texture

    def paint(self, mask, window, texture, radius):
        """Paints a new part of the whole at hand; False where nothing of it would be seen."""
        x0, y0, x1, y1 = window
        covered = mask > 0.5
        if covered.sum() < 12:
            return False
        area = (slice(y0, y1), slice(x0, x1))
        texture = self.shade(texture, mask, radius)
        self.image[area] += (texture - self.image[area]) * mask[..., None]
        self.parts += 1
        self.part[area][covered] = self.parts
        self.whole[area][covered] = self.wholes
        return True

    def cast_shadow(self, mask, window, radius):
        x0, y0, x1, y1 = window
        reach = radius * self.rng.uniform(0.03, 0.3)
        shift = np.float32([[1, 0, reach * np.cos(self.light)], [0, 1, reach * np.sin(self.light)]])
        shadow = cv2.warpAffine(mask, shift, (x1 - x0, y1 - y0))
        shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.7, radius * self.rng.uniform(0.02, 0.15)))
        self.image[y0:y1, x0:x1] *= (1 - self.rng.uniform(0.15, 0.7) * shadow)[..., None]


def divide_background(canvas):
    """Sky, hills, walls, floors: bands below rough or straight lines."""
    rng = canvas.rng
    height, width = canvas.part.shape
    for _ in range(rng.integers(0, 4)):
        roughness = rng.choice([0, 0.02, 0.1, 0.25])
        profile = noise(rng, 256, rng.uniform(1, 2))[0]
        profile = np.interp(np.linspace(0, 255, width), np.arange(256), profile)
        slope = rng.normal() * 0.15 * np.linspace(-0.5, 0.5, width)
        line = height * (rng.uniform(0.1, 0.95) + slope + roughness * (profile - 0.5))
        mask = np.clip(np.arange(height)[:, None] + 0.5 - line[None, :], 0, 1).astype(np.float32)
        if rng.random() < 0.2:  # a wall beside, instead of ground below
            mask = mask[:, ::-1] if height != width else np.ascontiguousarray(mask.T)
        canvas.begin_whole()
        canvas.paint(mask, (0, 0, width, height), canvas.bank.cut(rng, height, width), max(height, width))


def add_parts(canvas, mask, frame, window):
    """Details on an object: patches within its outline, or a cut straight through."""
    rng = canvas.rng
    x0, y0, x1, y1 = window
    for _ in range(rng.integers(1, 6)):
        radius = frame.radius * rng.uniform(0.1, 0.6)
        offset = rng.uniform(-0.9, 0.9, 2) * frame.radius
        if rng.random() < 0.25:
            y, x = np.mgrid[y0:y1, x0:x1].astype(np.float32)
            angle = rng.uniform(0, 2 * np.pi)
            side = (x - frame.x - offset[0] / 3) * np.cos(angle) + (y - frame.y - offset[1] / 3) * np.sin(angle)
            detail = np.clip(side + 0.5, 0, 1) * mask
        else:
            inner = Frame(rng, frame.x - x0 + offset[0], frame.y - y0 + offset[1], radius)
            detail = draw(rng, y1 - y0, x1 - x0, inner) * mask
        canvas.paint(detail, window, canvas.bank.cut(rng, y1 - y0, x1 - x0), radius)


def add_object(canvas, frame, texture_seed=None):
    """One object; `texture_seed` makes its surface like that of others drawn with it."""
    rng = canvas.rng
    window = canvas.window(frame)
    if window is None:
        return
    x0, y0, x1, y1 = window
    inner = Frame(rng, frame.x - x0, frame.y - y0, frame.radius)
    mask = draw(rng, y1 - y0, x1 - x0, inner)
    if rng.random() < 0.15:  # out of focus
        mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, max(0.6, frame.radius * 0.06)))
    if rng.random() < 0.5:
        canvas.cast_shadow(mask, window, frame.radius)
    surface = rng if texture_seed is None else np.random.default_rng(texture_seed)
    canvas.begin_whole()
    painted = canvas.paint(mask, window, canvas.bank.cut(surface, y1 - y0, x1 - x0), frame.radius)
    if painted and frame.radius > 0.04 * max(canvas.part.shape) and rng.random() < 0.5:
        add_parts(canvas, mask, frame, window)


def add_objects(canvas):
    """Objects from far to near, of few or many sizes; now and then a crowd of one kind."""
    rng = canvas.rng
    height, width = canvas.part.shape
    side = max(height, width)
    count = int(np.exp(rng.uniform(np.log(3), np.log(45))))
    largest = rng.uniform(0.12, 0.45)
    radii = np.exp(rng.uniform(np.log(0.015), np.log(largest), count)) * side
    if rng.random() < 0.6:
        radii = np.sort(radii)[::-1]
    crowd = int(rng.integers(1 << 31)) if rng.random() < 0.25 else None
    for radius in radii:
        x, y = rng.uniform(-0.05, 1.05, 2) * [width, height]
        alike = crowd is not None and rng.random() < 0.7
        add_object(canvas, Frame(rng, x, y, radius), crowd if alike else None)


def develop(rng, image):
    """What light, lens, sensor and file do to a scene. -> uint8"""
    height, width = image.shape[:2]
    if rng.random() < 0.5:
        light = cv2.resize(noise(rng, 32, 2.2), (width, height), interpolation=cv2.INTER_CUBIC)
        image = image * (rng.uniform(0.5, 1) + rng.uniform(0.2, 0.9) * light)[..., None]
    if rng.random() < 0.3:  # haze
        image = image * rng.uniform(0.5, 1) + rng.uniform(0, 0.4)
    if rng.random() < 0.6:  # exposure
        image = image * (rng.uniform(0.7, 1.1) / max(np.percentile(image, 97), 0.05))
    image = np.clip(image, 0, 1) ** rng.uniform(0.6, 1.6)
    if rng.random() < 0.1:
        image = np.repeat(image.mean(-1, keepdims=True), 3, -1)
    if rng.random() < 0.6:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.4))
    grain = rng.choice([0, 0.01, 0.03, 0.06])
    if grain:
        image = image + grain * rng.standard_normal(image.shape, dtype=np.float32)
    image = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 95))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    return image


def scene_size(rng, longest):
    """Height and width; the longest side is `longest`. A quarter is square."""
    shorter = longest if rng.random() < 0.25 else int(round(longest * rng.uniform(0.5, 1)))
    return (longest, shorter) if rng.random() < 0.5 else (shorter, longest)


def scene(seed, index, longest):
    """-> image uint8 [h, w, 3] (RGB or BGR alike), part int32 [h, w], whole int32 [h, w]; every part
    lies within one whole."""
    rng = np.random.default_rng((seed, 0, index))
    canvas = Canvas(rng, bank_of(seed, index // CHAPTER), *scene_size(rng, longest))
    divide_background(canvas)
    add_objects(canvas)
    return develop(rng, canvas.image), canvas.part, canvas.whole


def run_lengths(mask):
    """Column-major run lengths, background first."""
    flat = mask.ravel(order="F").astype(np.int8)
    edges = np.flatnonzero(np.diff(flat)) + 1
    bounds = np.concatenate([[0], edges, [flat.size]])
    lengths = np.diff(bounds).tolist()
    return [0] + lengths if flat[0] else lengths


def write_record(path, height, width, file_name, masks):
    """A record as `maskmill eval` reads it. masks: (bool [height, width], further members) pairs."""
    annotations = []
    for number, (mask, members) in enumerate(masks):
        segmentation = {"size": [height, width], "counts": run_lengths(mask)}
        annotations.append({"id": number, "segmentation": segmentation, "area": int(mask.sum()), **members})
    image = {"image_id": 0, "width": width, "height": height, "file_name": file_name}
    pathlib.Path(path).write_text(json.dumps({"image": image, "annotations": annotations}))


def write_pairs(folder, seed, count, longest, least):
    """Images beside their wholes (annotator 0) and parts (annotator 1) of at least `least` pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        image, part, whole = scene(seed, index, longest)
        name = f"scene{index:04d}"
        cv2.imwrite(str(folder / f"{name}.png"), image)
        masks = []
        for annotator, labels in enumerate((whole, part)):
            for label in np.unique(labels):
                mask = labels == label
                if mask.sum() >= least:
                    masks.append((mask, {"annotator": annotator}))
        write_record(folder / f"{name}.json", *part.shape, f"{name}.png", masks)


def write_sheet(path, seed, side=256):
    sheet = np.zeros((4 * side, 4 * side, 3), np.uint8)
    for index in range(16):
        image = scene(seed, index, side)[0]
        top, left = index // 4 * side, index % 4 * side
        sheet[top:top + image.shape[0], left:left + image.shape[1]] = image
    cv2.imwrite(str(path), sheet)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=pathlib.Path)
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1000, help="keep apart from the seed of training")
    parser.add_argument("--size", type=int, default=480, help="longest side, pixels")
    parser.add_argument("--least", type=int, default=100, help="smallest segment, pixels")
    arguments = parser.parse_args()
    if arguments.sheet:
        write_sheet(arguments.sheet, arguments.seed)
    if arguments.write:
        write_pairs(arguments.write, arguments.seed, arguments.count, arguments.size, arguments.least)


if __name__ == "__main__":
    main()
