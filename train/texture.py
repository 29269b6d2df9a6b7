"""Textures: square tiles of colour."""
import cv2
import numpy as np

SIDE = 256


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


# Colours that surfaces have out of doors and in: earth, leaves, sky and water, stone, skin and wood, snow, night. Each
# is a middle and how far single colours stray from it, red green blue.
FAMILIES = (
    ((0.42, 0.34, 0.25), (0.20, 0.17, 0.13)),
    ((0.30, 0.38, 0.18), (0.20, 0.20, 0.14)),
    ((0.45, 0.58, 0.74), (0.20, 0.18, 0.17)),
    ((0.48, 0.47, 0.45), (0.22, 0.22, 0.22)),
    ((0.68, 0.50, 0.38), (0.20, 0.18, 0.16)),
    ((0.85, 0.86, 0.88), (0.14, 0.13, 0.12)),
    ((0.12, 0.12, 0.13), (0.10, 0.10, 0.11)),
)


def palette(rng, count):
    """`count` colours from dark to bright or in any order, mostly of one family, as real surfaces have them."""
    kind = rng.random()
    if kind < 0.7:
        middle, spread = (np.array(numbers) for numbers in FAMILIES[rng.integers(len(FAMILIES))])
        middle = middle * (1 + 0.25 * rng.normal()) + 0.25 * spread * rng.normal(size=3)
    else:  # paint, cloth, flowers
        middle = rng.random(3)
        middle = middle.mean() + (middle - middle.mean()) * rng.uniform(0.1, 0.8)
    light = rng.normal(size=(count, 1)) * rng.choice([0.06, 0.14, 0.25])
    tint = rng.normal(size=(count, 3)) * rng.choice([0.015, 0.05, 0.2], p=[0.5, 0.38, 0.12])
    if rng.random() < 0.5:
        light = np.sort(light, 0)
    return np.clip(middle * (1 + 1.6 * light) + 0.3 * light + tint, 0, 1).astype(np.float32)


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
    """Plaster, skin, clear sky: almost even."""
    return 0.5 + rng.uniform(0.02, 0.3) * (noise(rng, side, rng.uniform(1, 3)) - 0.5)


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
    count = int(np.exp(rng.uniform(np.log(20), np.log(1500))))
    seeds[rng.integers(0, side, count), rng.integers(0, side, count)] = 0
    distance, label = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    return normalised(distance) if rng.random() < 0.5 else rng.random(label.max() + 1)[label]


def strokes(rng, side):
    """Grass, fur, straw: many short lines of about one direction."""
    field = np.full((side, side), 0.3, np.float32)
    angle, spread = rng.uniform(0, 2 * np.pi), rng.choice([0.1, 0.4, 3])
    length = rng.uniform(4, 40)
    for _ in range(rng.integers(400, 1600)):
        x, y = rng.uniform(0, side, 2)
        a = angle + rng.normal() * spread
        end = (int(x + length * np.cos(a)), int(y + length * np.sin(a)))
        cv2.line(field, (int(x), int(y)), end, float(rng.random()), int(rng.integers(1, 4)), cv2.LINE_AA)
    return field


def leaves(rng, side):
    """Dead leaves: discs of many sizes that cover each other, with the statistics of natural images."""
    field = np.zeros((side, side), np.float32)
    largest = rng.uniform(6, 50)
    for _ in range(rng.integers(200, 900)):
        x, y = rng.integers(0, side, 2)
        axes = (np.array([1, rng.uniform(0.3, 1)]) * largest * rng.power(0.4) + 1.5).astype(int)
        cv2.ellipse(field, (int(x), int(y)), axes.tolist(), rng.uniform(0, 180), 0, 360, float(rng.random()), -1)
    return field


def grain(rng, side):
    return normalised(cv2.GaussianBlur(rng.random((side, side), dtype=np.float32), (0, 0), rng.uniform(0.5, 3)))


KINDS = (plain, plain, clouds, clouds, clouds, contours, waves, checks, bricks, cells, strokes, strokes, leaves, leaves,
         grain)


def field(rng, side):
    return np.clip(KINDS[rng.integers(len(KINDS))](rng, side), 0, 1).astype(np.float32)


def coloured(rng, values):
    """Values 0..1 as colours of one palette. -> [side, side, 3]"""
    colours = palette(rng, rng.integers(2, 6))
    steps = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(values, steps, colours[:, c]) for c in range(3)], -1).astype(np.float32)


def tile(rng, side=SIDE):
    """One texture, float32 [side, side, 3] in 0..1."""
    values = field(rng, side)
    if rng.random() < 0.3:  # one pattern on another: weathered brick, grass in clumps
        share = rng.uniform(0.2, 0.8)
        values = share * values + (1 - share) * field(rng, side)
    painted = coloured(rng, values)
    if rng.random() < 0.2:  # patches of something else
        level = noise(rng, side, rng.uniform(1.2, 2.4)) - rng.uniform(0.35, 0.65)
        edge = np.clip(level * rng.uniform(3, 40) + 0.5, 0, 1)
        painted += (coloured(rng, field(rng, side)) - painted) * edge[..., None]
    if rng.random() < 0.7:  # unevenness of light and colour on top
        uneven = noise(rng, side, rng.uniform(0.8, 2.4)) - 0.5
        painted = painted * (1 + rng.uniform(0.1, 0.9) * uneven)[..., None]
    return np.clip(painted, 0, 1)
