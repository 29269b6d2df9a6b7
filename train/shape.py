"""Shapes: soft-edged masks, float32 in 0..1, drawn into a window of the image."""
import cv2
import numpy as np

from texture import noise

SHIFT = 4  # fractional bits of OpenCV's coordinates


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


def draw(rng, height, width, frame):
    """One random shape in a window of this size; mask float32 [height, width]."""
    mask = np.zeros((height, width), np.uint8)
    kind = rng.random()
    if kind < 0.15:
        creature(rng, mask, frame)
    elif kind < 0.27:
        rough(rng, mask, frame)
    elif kind < 0.37:
        limb(rng, mask, (frame.x, frame.y), rng.uniform(0, 2 * np.pi), 1.6 * frame.radius,
             max(1.5, frame.radius * rng.uniform(0.06, 0.35)))
    else:
        outline = OUTLINES[rng.integers(len(OUTLINES))](rng)
        fill(mask, frame.place(outline))
        if rng.random() < 0.1:  # a hole
            fill(mask, frame.place(outline * rng.uniform(0.3, 0.8)), 0)
    return mask.astype(np.float32) / 255
