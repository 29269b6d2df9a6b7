"""Textures: square tiles of colour, and the bank of them that scenes are painted from."""
import cv2
import numpy as np


def noise(rng, side, slope):
    """Random field [side, side] in 0..1, float32, whose spectrum falls as 1 / frequency^slope; it tiles."""
    across = np.fft.rfftfreq(side)[None, :]
    down = np.fft.fftfreq(side)[:, None]
    frequency = np.maximum(np.hypot(across, down), 1 / side)
    spectrum = np.exp(2j * np.pi * rng.random(frequency.shape)) / frequency**slope
    return normalised(np.fft.irfft2(spectrum, s=(side, side)))


def normalised(field):
    low, high = field.min(), field.max()
    return ((field - low) / max(high - low, 1e-6)).astype(np.float32)


def palette(rng, count):
    """`count` colours, mostly of one family, as the surfaces of real things have them."""
    base = rng.random(3) * rng.uniform(0.4, 1)
    if rng.random() < 0.5:  # dull
        base = base.mean() + (base - base.mean()) * rng.uniform(0, 0.5)
    light = rng.uniform(-0.3, 0.3, (count, 1)) * rng.choice([0.3, 1, 1.6])
    tint = rng.uniform(-0.5, 0.5, (count, 3)) * rng.choice([0.05, 0.2, 0.8], p=[0.5, 0.35, 0.15])
    return np.clip(base + light + tint, 0, 1).astype(np.float32)


def coordinates(rng, side):
    """Turned and gently bent coordinates u, v of every pixel, in 0..1 or so."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    u = x * np.cos(angle) + y * np.sin(angle)
    v = y * np.cos(angle) - x * np.sin(angle)
    bend = rng.choice([0, 0.03, 0.15])
    if bend:
        u = u + bend * noise(rng, side, 2.2)
        v = v + bend * noise(rng, side, 2.2)
    return u, v


def plain(rng, side):
    return np.full((side, side), rng.random(), np.float32)


def clouds(rng, side):
    return noise(rng, side, rng.uniform(0.6, 2.6))


def contours(rng, side):
    steps = rng.integers(3, 12)
    return np.floor(noise(rng, side, rng.uniform(1.4, 2.4)) * steps) / steps


def waves(rng, side):
    u, _ = coordinates(rng, side)
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(4, 70) * u)
    return (wave > rng.uniform(0.2, 0.8)).astype(np.float32) if rng.random() < 0.5 else wave


def checks(rng, side):
    u, v = coordinates(rng, side)
    across, down = rng.uniform(4, 40, 2)
    return ((np.floor(u * across) + np.floor(v * down)) % 2).astype(np.float32)


def bricks(rng, side):
    u, v = coordinates(rng, side)
    rows = rng.uniform(6, 40)
    columns = rows * rng.uniform(0.3, 0.8)
    row = np.floor(v * rows)
    along = u * columns + 0.5 * (row % 2)
    joint = rng.uniform(0.04, 0.15)
    wall = ((v * rows - row) > joint) & ((along - np.floor(along)) > joint * columns / rows)
    shade = np.sin(np.floor(along) * 12.9898 + row * 78.233) * 43758.5453
    return wall * (0.5 + 0.5 * (shade - np.floor(shade)))


def cells(rng, side):
    """Stones, scales, cracked ground: distance to the nearest of scattered seeds, or which it is."""
    seeds = np.full((side, side), 255, np.uint8)
    count = rng.integers(30, 900)
    seeds[rng.integers(0, side, count), rng.integers(0, side, count)] = 0
    distance, label = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    return normalised(distance) if rng.random() < 0.5 else rng.random(label.max() + 1)[label]


def strokes(rng, side):
    """Grass, fur, straw: many short lines of about one direction."""
    field = np.full((side, side), 0.3, np.float32)
    angle, spread = rng.uniform(0, 2 * np.pi), rng.choice([0.1, 0.4, 3])
    length = rng.uniform(4, 40)
    for _ in range(rng.integers(500, 2500)):
        x, y = rng.uniform(0, side, 2)
        a = angle + rng.normal() * spread
        end = (int(x + length * np.cos(a)), int(y + length * np.sin(a)))
        cv2.line(field, (int(x), int(y)), end, float(rng.random()), int(rng.integers(1, 4)), cv2.LINE_AA)
    return field


def leaves(rng, side):
    """Dead leaves: discs of many sizes that cover each other, with the statistics of natural images."""
    field = np.zeros((side, side), np.float32)
    largest = rng.uniform(8, 60)
    for _ in range(rng.integers(200, 1200)):
        x, y = rng.integers(0, side, 2)
        axes = (np.array([1, rng.uniform(0.3, 1)]) * largest * rng.power(0.4) + 1.5).astype(int)
        cv2.ellipse(field, (int(x), int(y)), axes.tolist(), rng.uniform(0, 180), 0, 360, float(rng.random()), -1)
    return field


def grain(rng, side):
    return normalised(cv2.GaussianBlur(rng.random((side, side), dtype=np.float32), (0, 0), rng.uniform(0.5, 3)))


KINDS = (plain, clouds, clouds, contours, waves, checks, bricks, cells, strokes, leaves, grain)


def tile(rng, side):
    """One texture, float32 [side, side, 3] in 0..1."""
    field = KINDS[rng.integers(len(KINDS))](rng, side).astype(np.float32)
    if rng.random() < 0.5:  # unevenness on top
        field = field + rng.uniform(0.05, 0.5) * (noise(rng, side, rng.uniform(0.8, 2)) - 0.5)
    colours = palette(rng, rng.integers(2, 5))
    steps = np.linspace(0, 1, len(colours))
    field = np.clip(field, 0, 1)
    return np.stack([np.interp(field, steps, colours[:, c]) for c in range(3)], -1).astype(np.float32)


class Bank:
    """Textures that are costly to draw and cheap to use again: turned, scaled, shifted, tinted."""

    SIDE = 384

    def __init__(self, rng, count=140):
        self.tiles = [(tile(rng, self.SIDE) * 255).astype(np.uint8) for _ in range(count)]

    def cut(self, rng, height, width, zoom=1.0):
        """A piece [height, width, 3] of some texture, float32 in 0..1."""
        scale = zoom * np.exp(rng.uniform(np.log(0.4), np.log(2)))
        middle = self.SIDE / 2
        matrix = cv2.getRotationMatrix2D((middle, middle), rng.uniform(0, 360), scale)
        matrix[:, 2] += np.array([width / 2, height / 2]) - middle + rng.uniform(-100, 100, 2)
        source = self.tiles[rng.integers(len(self.tiles))]
        piece = cv2.warpAffine(source, matrix, (width, height), flags=cv2.INTER_LINEAR,
                               borderMode=cv2.BORDER_REFLECT).astype(np.float32) / 255
        if rng.random() < 0.6:
            gray = piece.mean(-1, keepdims=True)
            piece = (gray + (piece - gray) * rng.uniform(0, 1)) * rng.uniform(0.35, 1.1, 3).astype(np.float32)
        return np.clip(piece + np.float32(rng.uniform(-0.25, 0.25)), 0, 1)
