"""Large objects in tiles: draws discs and bars, and looks at the masks that maskmill gives for them.

    seams.py draw FILE.png            objects on a plain background, all of them across the borders of tiles
    seams.py check RECORD.json TILE HALO

Every object must be one mask whose outline has no jump, and no mask may end in a straight line at the border of a tile.
Python's standard library only.
"""

import json
import os
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../parity"))
from compare import foreground, intersection  # noqa: E402

WIDTH, HEIGHT = 600, 448
MOST_JUMP = 4  # pixels; the model's own outlines have such steps, too
MOST_CUT = 20  # pixels
BACKGROUND = (60, 80, 60)
#          colour         and where it is
OBJECTS = (((240, 60, 50), lambda x, y: (x - 215) ** 2 + (y - 100) ** 2 <= 45 ** 2),
           ((245, 245, 240), lambda x, y: abs(x - 400) <= 50 and abs(y - 90) <= 35),
           ((250, 200, 40), lambda x, y: ((x - 100) / 60) ** 2 + ((y - 215) / 42) ** 2 <= 1),
           ((20, 20, 25), lambda x, y: (x - 236) ** 2 + (y - 228) ** 2 <= 44 ** 2),
           ((240, 60, 50), lambda x, y: abs(x - 410) <= 40 and abs(y - 225) <= 48),
           ((60, 120, 235), lambda x, y: (x - 320) ** 2 + (y - 360) ** 2 <= 50 ** 2))


def draw(path):
    rows = bytearray()
    for y in range(HEIGHT):
        rows.append(0)
        for x in range(WIDTH):
            rows += bytes(next((colour for colour, inside in OBJECTS if inside(x, y)), BACKGROUND))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(bytes(rows), 6)) + chunk(b"IEND", b""))


def true_mask(inside):
    """Start and end of each foreground run of a drawn object, column by column."""
    edges, before = [], False
    for at in range(WIDTH * HEIGHT):
        now = inside(at // HEIGHT, at % HEIGHT)
        if now != before:
            edges.append(at)
        before = now
    return edges


def area(edges):
    return sum(edges[1::2]) - sum(edges[0::2])


def iou(a, b):
    both = intersection(a, b)
    return both / (area(a) + area(b) - both)


def bitmap(edges):
    """Rows of a mask as lists of 0 and 1."""
    flat = bytearray(WIDTH * HEIGHT)
    for start, end in zip(edges[0::2], edges[1::2]):
        flat[start:end] = b"\1" * (end - start)
    return [flat[y::HEIGHT] for y in range(HEIGHT)]


def turned(rows):
    return [bytearray(column) for column in zip(*rows)]


def first_pixels(rows):
    """The first pixel of the mask in each row, None where there is none."""
    return [row.find(1) if 1 in row else None for row in rows]


def borders(rows):
    """The mask's outline as seen from each of the four sides."""
    for way in (rows, turned(rows)):
        yield first_pixels(way)
        yield first_pixels([row[::-1] for row in way])


def largest_jump(found, drawn):
    """The largest step of the outline between neighbouring rows or columns that the drawn object does not have. Its steep
    ends are left out."""
    worst = 0
    for a, b in zip(borders(found), borders(drawn)):
        for i in range(4, len(a) - 4):
            if None not in a[i - 4:i + 4] and None not in b[i - 4:i + 4] and abs(b[i + 3] - b[i - 4]) <= 8:
                worst = max(worst, abs(a[i] - a[i - 1] - b[i] + b[i - 1]))
    return worst


def straight_cut(rows, tile, halo):
    """The largest number of pixels of a mask that end at one inner border of a tile."""
    worst = 0
    for way in (rows, turned(rows)):
        for start in range(0, len(way) - halo, tile - halo):
            start = min(start, len(way) - tile)
            for last, beyond in ((start, start - 1), (start + tile - 1, start + tile)):
                if 0 <= beyond < len(way):
                    worst = max(worst, sum(a > b for a, b in zip(way[last], way[beyond])))
    return worst


def check(path, tile, halo):
    masks = [foreground(mask) for mask in json.load(open(path))["annotations"]]
    failed = 0
    for number, (_, inside) in enumerate(OBJECTS):
        drawn = true_mask(inside)
        like = sorted((iou(drawn, mask), i) for i, mask in enumerate(masks))
        jump = largest_jump(bitmap(masks[like[-1][1]]), bitmap(drawn))
        if like[-1][0] < 0.85 or like[-2][0] > 0.85 or jump > MOST_JUMP:
            print(f"object {number}: the two most similar masks have IoU {like[-1][0]:.3f} and {like[-2][0]:.3f}, the largest jump is {jump}")
            failed += 1
    for number, mask in enumerate(masks):
        cut = straight_cut(bitmap(mask), tile, halo)
        if cut > MOST_CUT:
            print(f"mask {number} of {area(mask)} pixels ends along {cut} pixels of a tile's border")
            failed += 1
    print(f"{len(OBJECTS)} objects, {failed} faults")


if __name__ == "__main__":
    if sys.argv[1] == "draw":
        draw(sys.argv[2])
    else:
        check(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
