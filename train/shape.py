"""Shapes: outlines of things, drawn as masks."""
import cv2
import numpy as np

from texture import noise

SIDE = 160  # of the square that a shape is drawn into
SHIFT = 4   # fractional bits of OpenCV's coordinates


def fill(mask, points, value=255):
    cv2.fillPoly(mask, [np.round(points * (1 << SHIFT)).astype(np.int32)], value, cv2.LINE_AA, SHIFT)


def ring(count):
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return angle, np.stack([np.cos(angle), np.sin(angle)], 1)


def blob(rng):
    angle, circle = ring(96)
    radius = np.ones(96)
    for wave in range(2, rng.integers(3, 10)):
        radius += rng.normal() * rng.uniform(0.1, 0.4) / wave * np.cos(wave * angle + rng.uniform(0, 6.3))
    return circle * np.clip(radius, 0.2, 2)[:, None]


def ellipse(rng):
    return ring(64)[1]


def rectangle(rng):
    corner = rng.choice([0.0, 0.0, 0.3])
    _, circle = ring(64)
    power = 8.0 if corner else 60.0
    return circle / np.power(np.power(np.abs(circle), power).sum(1, keepdims=True), 1 / power)


def trapezium(rng):
    top, bottom = np.abs(rng.normal(1, 0.35, 2)) + 0.2
    return np.array([[-top, -1], [top, -1], [bottom, 1], [-bottom, 1]])


def polygon(rng):
    count = rng.integers(3, 9)
    angle = np.sort(rng.uniform(0, 2 * np.pi, count))
    return np.stack([np.cos(angle), np.sin(angle)], 1) * rng.uniform(0.6, 1.3, (count, 1))


def star(rng):
    count = 2 * rng.integers(3, 9)
    _, circle = ring(count)
    return circle * np.where(np.arange(count) % 2, rng.uniform(0.35, 0.85), 1)[:, None]


def mirrored(rng):
    """A vase, a leaf, a fish: an outline and its mirror image."""
    count = rng.integers(4, 9)
    along = np.linspace(-1, 1, count)
    across = np.interp(np.linspace(0, 1, 40), np.linspace(0, 1, count), np.abs(rng.normal(0.5, 0.3, count)) + 0.05)
    across = cv2.GaussianBlur(across[None].astype(np.float32), (0, 0), rng.uniform(0.5, 4))[0]
    along = np.linspace(along[0], along[-1], 40)
    return np.concatenate([np.stack([across, along], 1), np.stack([-across, along], 1)[::-1]])


OUTLINES = (blob, blob, blob, ellipse, rectangle, rectangle, trapezium, polygon, star, mirrored)


class Frame:
    """Where a shape lies: centre and radius in pixels, turned and stretched."""

    def __init__(self, rng, x, y, radius, stretch=1.1):
        self.x, self.y, self.radius = x, y, radius
        aspect = np.exp(rng.uniform(-stretch, stretch)) if rng.random() < 0.7 else 1.0
        angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.7 else rng.normal() * 0.1
        scale = radius * np.array([np.sqrt(aspect), 1 / np.sqrt(aspect)])
        cosine, sine = np.cos(angle), np.sin(angle)
        self.matrix = scale[:, None] * np.array([[cosine, sine], [-sine, cosine]])

    def place(self, points):
        return points @ self.matrix + [self.x, self.y]


def limb(rng, mask, start, direction, length, width):
    """A bent, tapering arm, neck or branch."""
    point, angle = np.array(start, float), direction
    pieces = 12
    bend = rng.normal() * 0.12
    taper = rng.uniform(0.2, 1)
    for i in range(pieces):
        step = np.array([np.cos(angle), np.sin(angle)]) * length / pieces
        thickness = max(1, int(width * (1 - (1 - taper) * i / pieces)))
        ends = [np.round(p * (1 << SHIFT)).astype(int).tolist() for p in (point, point + step)]
        cv2.line(mask, ends[0], ends[1], 255, thickness, cv2.LINE_AA, SHIFT)
        point = point + step
        angle += bend + rng.normal() * 0.08


def creature(rng, mask, frame):
    """A body with limbs and perhaps a head: most things that people outline are compounds."""
    body = rng.uniform(0.4, 0.7)
    fill(mask, frame.place(blob(rng) * body))
    for _ in range(rng.integers(1, 7)):
        angle = rng.uniform(0, 2 * np.pi)
        start = frame.place(np.array([[np.cos(angle), np.sin(angle)]]) * body * 0.7)[0]
        outwards = np.arctan2(start[1] - frame.y, start[0] - frame.x)
        limb(rng, mask, start, outwards + rng.normal() * 0.4, frame.radius * rng.uniform(0.4, 1.2),
             max(1.5, frame.radius * rng.uniform(0.05, 0.3)))
    if rng.random() < 0.6:
        angle = rng.uniform(0, 2 * np.pi)
        head = frame.place(np.array([[np.cos(angle), np.sin(angle)]]) * body)[0]
        fill(mask, ellipse(rng) * frame.radius * rng.uniform(0.15, 0.35) + head)


def rough(rng, mask, frame):
    """A tree's crown, a bush, a rock: an outline eaten by noise."""
    fill(mask, frame.place(blob(rng)))
    side = 64
    depth = max(2.0, frame.radius * rng.uniform(0.1, 0.5))
    inside = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
    field = cv2.resize(noise(rng, side, rng.uniform(0.6, 1.6)), mask.shape[::-1], interpolation=cv2.INTER_CUBIC)
    eaten = np.clip((inside / depth - field) * 6 + 0.5, 0, 1)
    mask[:] = np.minimum(mask, (eaten * 255).astype(np.uint8))


def branches(rng, mask, start, direction, length, width, depth):
    """A bare tree, a root, antlers: limbs that fork."""
    limb(rng, mask, start, direction, length, width)
    if depth == 0:
        return
    end = np.array(start) + length * 0.85 * np.array([np.cos(direction), np.sin(direction)])
    for _ in range(rng.integers(2, 4)):
        branches(rng, mask, end, direction + rng.normal() * 0.7, length * rng.uniform(0.5, 0.9), max(1.5, width * 0.6),
                 depth - 1)


def compound(rng, mask, frame):
    """Furniture, a house, a vehicle: a few plain shapes that overlap; or a heap of alike ones."""
    kinds = [OUTLINES[rng.integers(len(OUTLINES))] for _ in range(rng.choice([1, 3]))]
    upright = rng.random() < 0.7
    for _ in range(rng.integers(2, 9)):
        points = kinds[rng.integers(len(kinds))](rng) * np.exp(rng.normal(size=2) * 0.4) * rng.uniform(0.2, 0.6)
        if not upright:
            angle = rng.uniform(0, 2 * np.pi)
            points = points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        fill(mask, points * frame.radius + [frame.x, frame.y] + rng.normal(size=2) * 0.35 * frame.radius)


def lattice(rng, mask, frame):
    """A fence, a grille, a window: bars across each other."""
    inside = np.zeros_like(mask)
    fill(inside, frame.place(rectangle(rng)))
    y, x = np.mgrid[0:mask.shape[0], 0:mask.shape[1]].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    step, bar = frame.radius * rng.uniform(0.25, 0.7), rng.uniform(0.15, 0.4)
    along = (x * np.cos(angle) + y * np.sin(angle)) / step % 1 < bar
    across = (y * np.cos(angle) - x * np.sin(angle)) / (step * rng.uniform(0.6, 2)) % 1 < bar
    mask[:] = inside * (along | across if rng.random() < 0.7 else along)


def steps(rng, side):
    """Heights of the roofs of a row of buildings, or of a flight of steps. -> int [side]"""
    count = rng.integers(3, 14)
    edges = np.sort(rng.integers(0, side, count))
    heights = side // 2 + np.round(rng.normal(size=count + 1) * side * 0.08).astype(int)
    return heights[np.searchsorted(edges, np.arange(side))]


def draw(rng, height, width, frame):
    """One random shape in a window of this size; uint8 [height, width], 255 inside."""
    mask = np.zeros((height, width), np.uint8)
    kind = rng.random()
    if kind < 0.15:
        creature(rng, mask, frame)
    elif kind < 0.27:
        rough(rng, mask, frame)
    elif kind < 0.34:
        limb(rng, mask, (frame.x, frame.y), rng.uniform(0, 2 * np.pi), 1.4 * frame.radius,
             max(2, frame.radius * rng.uniform(0.08, 0.35)))
    elif kind < 0.38:
        branches(rng, mask, (frame.x, frame.y + frame.radius), -np.pi / 2, frame.radius * 0.7,
                 max(2, frame.radius * rng.uniform(0.08, 0.25)), int(rng.integers(1, 4)))
    elif kind < 0.5:
        compound(rng, mask, frame)
    elif kind < 0.53:
        lattice(rng, mask, frame)
    else:
        outline = OUTLINES[rng.integers(len(OUTLINES))](rng)
        fill(mask, frame.place(outline))
        if rng.random() < 0.1:  # a hole
            fill(mask, frame.place(outline * rng.uniform(0.3, 0.8)), 0)
    return mask
