"""Pictures put together from photographs: views of one, mosaics of several, things cut out and pasted on.

A Sheet is a picture uint8 [H, W, 3] and its masks uint8 [M, H, W], 1 inside, that may overlap and nest. All of it runs in
NumPy and OpenCV, on the CPU.
"""
import math

import cv2
import numpy as np

from sets import MOST_MASKS

LEAST_TILE = 0.16  # tiles of less than twice this share of the sheet's longest side are not split


class Sheet:
    def __init__(self, image, masks):
        self.image, self.masks = image, masks


def log_uniform(rng, low, high):
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def scaled(image, height, width):
    """Averaged where it shrinks."""
    smaller = height * width < image.shape[0] * image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def scaled_masks(masks, height, width):
    if not len(masks):
        return np.zeros((0, height, width), np.uint8)
    return np.stack([(scaled(mask * 255, height, width) > 127).astype(np.uint8) for mask in masks])


def cropped(sheet, rng, height, width, closest):
    """A view of these sides: a part of the sheet of about the same form, stretched a little, at random mirrored.
    closest: the smallest part, as a share of the sheet's sides"""
    tall, wide = sheet.image.shape[:2]
    form = np.clip(height / width * log_uniform(rng, 0.8, 1.25), 0.4 * tall / wide, 2.5 * tall / wide)
    zoom = 1 if rng.random() < 0.35 else log_uniform(rng, closest, 1)
    rows = max(8, round(zoom * min(tall, wide * form)))
    columns = max(8, round(zoom * min(wide, tall / form)))
    top, left = rng.integers(0, tall - rows + 1), rng.integers(0, wide - columns + 1)
    part = slice(top, top + rows), slice(left, left + columns)
    image, masks = sheet.image[part], sheet.masks[:, *part]
    masks = masks[masks.any((1, 2))]
    if rng.random() < 0.5:
        image, masks = image[:, ::-1], masks[:, :, ::-1]
    return Sheet(scaled(np.ascontiguousarray(image), height, width),
                 scaled_masks(np.ascontiguousarray(masks), height, width))


def view(sets, rng, height, width, closest=0.4, most=MOST_MASKS):
    photograph = sets.photograph(rng)
    image = photograph.image()
    masks = photograph.masks(rng, most)
    return cropped(Sheet(image, masks.reshape(-1, *image.shape[:2])), rng, height, width, closest)


def tiles(rng, height, width, count):
    """Splits a rectangle into some `count` tiles, the largest first. -> [(top, left, height, width), ...]"""
    least = LEAST_TILE * max(height, width)
    parts = [(0, 0, height, width)]
    while len(parts) < count:
        parts.sort(key=lambda part: part[2] * part[3])
        top, left, tall, wide = parts[-1]
        if max(tall, wide) < 2 * least:
            break
        parts.pop()
        share = rng.uniform(0.33, 0.67)
        if tall > wide:
            cut = round(tall * share)
            parts += [(top, left, cut, wide), (top + cut, left, tall - cut, wide)]
        else:
            cut = round(wide * share)
            parts += [(top, left, tall, cut), (top, left + cut, tall, wide - cut)]
    return parts


def mosaic(sets, rng, height, width):
    """Several photographs side by side: what they show becomes small."""
    parts = tiles(rng, height, width, round(log_uniform(rng, 2, 14)))
    image = np.zeros((height, width, 3), np.uint8)
    masks = []
    most = max(4, 2 * MOST_MASKS // len(parts))
    for top, left, tall, wide in parts:
        tile = view(sets, rng, tall, wide, 0.5, most)
        image[top:top + tall, left:left + wide] = tile.image
        placed = np.zeros((len(tile.masks), height, width), np.uint8)
        placed[:, top:top + tall, left:left + wide] = tile.masks
        masks.append(placed)
    return Sheet(image, np.concatenate(masks))


def ground(sets, rng, height, width):
    """Part of a photograph without masks, or of another one, very near, of which nothing is asked."""
    if sets.grounds and rng.random() < 0.6:
        image, closest = sets.grounds[rng.integers(len(sets.grounds))].image(), 0.2
    else:
        image, closest = sets.photograph(rng).image(), 0.1
    return cropped(Sheet(image, np.zeros((0, *image.shape[:2]), np.uint8)), rng, height, width, closest)


class CutOut:
    """A thing of a photograph with what is marked on it: image uint8 [h, w, 3], alpha float [h, w], masks uint8
    [M, h, w], the whole thing first."""

    def __init__(self, sets, rng):
        photograph, annotation = sets.thing(rng)
        left, top, across, down = (int(number) for number in annotation["bbox"])
        image = photograph.image()
        box = slice(max(0, top - 4), top + down + 4), slice(max(0, left - 4), left + across + 4)
        near = [other for other in photograph.annotations if other is not annotation and within(other, annotation)]
        masks = photograph.decoded([annotation, *near[:8]])[:, *box]
        parts = [mask for mask in masks[1:] if (mask & masks[0]).sum() > 0.9 * mask.sum() > 0]
        self.image = np.ascontiguousarray(image[box])
        self.masks = np.stack([masks[0], *(part & masks[0] for part in parts)])

    def placed(self, rng, longest, height, width):
        """Turned, stretched, mirrored, of this longest side in pixels, its centre anywhere on a sheet. -> rows and
        columns that it covers, image, alpha [h, w, 1], masks; None where it falls beside the sheet"""
        tall, wide = self.image.shape[:2]
        angle = rng.normal(0, 0.2) if rng.random() < 0.7 else rng.uniform(-math.pi, math.pi)
        stretch = log_uniform(rng, 0.85, 1.2)
        scale = longest / max(tall, wide)
        shrunk = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        sides = max(3, round(wide * scale * stretch)), max(3, round(tall * scale / stretch))
        image = cv2.resize(self.image, sides, interpolation=shrunk)
        masks = [cv2.resize(mask * 255, sides, interpolation=shrunk) for mask in self.masks]
        if rng.random() < 0.5:
            image, masks = image[:, ::-1], [mask[:, ::-1] for mask in masks]
        reach = math.ceil(math.hypot(*sides)) + 4
        matrix = cv2.getRotationMatrix2D((sides[0] / 2, sides[1] / 2), math.degrees(angle), 1)
        matrix[:, 2] += reach / 2 - sides[0] / 2, reach / 2 - sides[1] / 2
        image = cv2.warpAffine(image, matrix, (reach, reach), borderMode=cv2.BORDER_REPLICATE)
        masks = [cv2.warpAffine(mask, matrix, (reach, reach)) for mask in masks]
        top = int(rng.uniform(-reach / 3, height - 2 * reach / 3))
        left = int(rng.uniform(-reach / 3, width - 2 * reach / 3))
        return Placed(image, np.stack(masks), top, left, height, width)


class Placed:
    """A cut-out on a sheet, without what lies beyond the sheet's frame."""

    def __init__(self, image, masks, top, left, height, width):
        rows, columns = slice(max(0, -top), height - top), slice(max(0, -left), width - left)
        self.image, masks = image[rows, columns], masks[:, rows, columns]
        self.top, self.left = max(0, top), max(0, left)
        tall, wide = self.image.shape[:2]
        self.box = slice(self.top, self.top + tall), slice(self.left, self.left + wide)
        # a border of the old background would give the thing away: half a pixel of its edge is lost
        self.alpha = np.clip((masks[0].astype(np.float32) - 64) / 160, 0, 1)
        self.masks = (masks > 127).astype(np.uint8)
        self.masks[0] = self.alpha > 0.5


def within(other, thing):
    """Whether a box lies within another."""
    left, top, across, down = other["bbox"]
    x, y, wide, tall = thing["bbox"]
    return (left >= x - 2 and top >= y - 2 and left + across <= x + wide + 2 and top + down <= y + tall + 2
            and other["area"] < 0.8 * thing["area"])


def shade(sheet, placed, rng, longest):
    """A soft shadow of the thing, beside it."""
    height, width = sheet.image.shape[:2]
    dark = np.zeros((height, width), np.float32)
    dark[placed.box] = placed.alpha
    reach = longest * rng.uniform(0.02, 0.2)
    angle = rng.uniform(0, 2 * math.pi)
    shift = np.float32([[1, 0, reach * math.cos(angle)], [0, 1, reach * math.sin(angle)]])
    dark = cv2.blur(cv2.warpAffine(dark, shift, (width, height)), (2 * round(reach / 2) + 1,) * 2)
    sheet.image = (sheet.image * (1 - rng.uniform(0.15, 0.6) * dark[..., None])).astype(np.uint8)


def paste(sheet, placed, rng, gain):
    """Lays the thing over the picture and over all masks that are there. -> its masks, on the whole sheet"""
    alpha = placed.alpha
    if rng.random() < 0.3:
        alpha = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.4, 1.2))
    alpha = alpha[..., None]
    old = sheet.image[placed.box].astype(np.float32)
    new = np.clip(placed.image.astype(np.float32) * gain, 0, 255)
    sheet.image[placed.box] = (old + alpha * (new - old)).round().astype(np.uint8)
    sheet.masks[:, *placed.box] &= 1 - placed.masks[0]
    masks = np.zeros((len(placed.masks), *sheet.image.shape[:2]), np.uint8)
    masks[:, *placed.box] = placed.masks
    return masks


def paste_things(sheet, sets, rng, most):
    """Some things, each once or as a herd of things alike, which makes a group; far ones first."""
    height, width = sheet.image.shape[:2]
    side = max(height, width)
    herds = []
    for _ in range(rng.integers(1, most + 1)):
        number = round(log_uniform(rng, 3, 12)) if rng.random() < 0.25 else 1
        longest = side * log_uniform(rng, 0.03, 0.25 if number > 1 else 0.7)
        herds.append((longest, number))
    for longest, number in sorted(herds, reverse=True):
        thing = CutOut(sets, rng)
        gain = log_uniform(rng, 0.7, 1.35) * np.exp(rng.normal(0, 0.06, 3)).astype(np.float32)
        shadow = rng.random() < 0.4
        group = []
        for _ in range(number):
            if number > 1 and rng.random() < 0.15:
                thing = CutOut(sets, rng)
            size = longest * (log_uniform(rng, 0.8, 1.25) if number > 1 else 1)
            placed = thing.placed(rng, size, height, width)
            if not placed.masks[0].any():
                continue
            if shadow:
                shade(sheet, placed, rng, size)
            masks = paste(sheet, placed, rng, gain)
            for old in group:
                old &= 1 - masks[:1]
            group.append(masks)
        if len(group) > 1:
            group.append(np.bitwise_or.reduce([masks[0] for masks in group])[None])
        if group:
            sheet.masks = np.concatenate([sheet.masks, *group])


def rendered_coarsely(image, share):
    """As if enlarged from a picture of this share of its sides."""
    height, width = image.shape[:2]
    return scaled(scaled(image, round(height * share), round(width * share)), height, width)


def compose(sets, rng, height, width):
    """A picture of these sides: a view, a mosaic, or a ground, and in many cases things pasted on it."""
    kind = rng.choice(3, p=(0.45, 0.37, 0.18))
    sheet = (view, mosaic, ground)[kind](sets, rng, height, width)
    empty = len(sheet.masks) < 3
    if len(sets.things) and rng.random() < (1 if kind == 2 else 0.7 if empty else 0.2):
        paste_things(sheet, sets, rng, 8 if empty else 3)
    if rng.random() < 0.5:
        sheet.image = rendered_coarsely(sheet.image, rng.uniform(0.5, 1))
    if not sheet.masks.any():
        return view(sets, rng, height, width)
    return sheet
