#!/usr/bin/env python3
"""The same six images with two segments each, in every form that `maskmill eval` reads.

  tests/cli/eval_sets.py FOLDER      makes pairs/, coco.json, images/, maps-KIND/, sa.tar, masks/"""

import io
import json
import os
import struct
import sys
import tarfile
import zlib

WIDTH, HEIGHT = 9, 6
CLASSES = {3: "car", 7: "bus, double-decked"}


def png(rows, depth, colour, palette=b""):
    """A PNG of rows that are bytes already."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + (chunk(b"PLTE", palette) if palette else b"")
            + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def label(i, x, y):
    """0, or the segment of a pixel: a column that grows, and a block at the right with a hole of 255."""
    if x <= i // 2:
        return 3
    if x >= 6 and y >= 1:
        return 255 if (x, y) == (8, 5) else 7
    return 0


def runs(inside):
    """Column-major run lengths, background first."""
    counts, value, length = [], False, 0
    for x in range(WIDTH):
        for y in range(HEIGHT):
            if inside(x, y) != value:
                counts.append(length)
                value, length = not value, 0
            length += 1
    return {"size": [HEIGHT, WIDTH], "counts": counts + [length]}


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def annotations(i):
    return [{"segmentation": runs(lambda x, y, c=c: label(i, x, y) == c), "category_id": c} for c in CLASSES]


def found(i):
    """Masks of some tool: each segment, moved down by a row in odd images."""
    return [{"segmentation": runs(lambda x, y, c=c: label(i, x, max(0, y - i % 2)) == c), "predicted_iou": 1 / c}
            for c in CLASSES]


def main(top):
    image = png([bytes(range(3 * WIDTH))] * HEIGHT, 8, 2)
    size = {"width": WIDTH, "height": HEIGHT}
    coco = {"images": [], "annotations": [], "categories": [{"id": c, "name": n} for c, n in CLASSES.items()]}
    kinds = {
        "gray": lambda rows: png([bytes(row) for row in rows], 8, 0),
        "deep": lambda rows: png([struct.pack(f">{WIDTH}H", *row) for row in rows], 16, 0),
        "palette": lambda rows: png([bytes(row) for row in rows], 8, 3, bytes(3 * 256)),
        "rgb": lambda rows: png([b"".join(bytes([v, 0, 0]) for v in row) for row in rows], 8, 2),
    }
    with tarfile.open(os.path.join(top, "sa.tar"), "w") as tar:
        for i in range(6):
            name = f"sa_{i}"
            record = json.dumps({"image": size, "annotations": annotations(i)}).encode()
            masks = json.dumps({"image": size, "annotations": found(i)}).encode()
            for folder in ("pairs", "images"):
                write(f"{top}/{folder}/{name}.png", image)
            write(f"{top}/pairs/{name}.json", record)
            for folder in ("masks", "masks/sa"):
                write(f"{top}/{folder}/{name}.json", masks)
            rows = [[label(i, x, y) for x in range(WIDTH)] for y in range(HEIGHT)]
            for kind, make in kinds.items():
                write(f"{top}/maps-{kind}/{name}.png", make(rows))
            # Cityscapes: instances of classes 3 and 7, and a class without instances.
            write(f"{top}/city/c_{i}_leftImg8bit.png", image)
            codes = [[{0: 0, 255: 4, 3: 3000, 7: 7012}[v] for v in row] for row in rows]
            write(f"{top}/cities/c_{i}_gtFine_instanceIds.png", kinds["deep"](codes))
            write(f"{top}/masks/c_{i}_leftImg8bit.json", masks)
            # ADE20K: beside the image; class 3 is R 0, G 3.
            write(f"{top}/ade/{name}.png", image)
            ade = [b"".join(bytes([0, 0 if v == 255 else v, i]) for v in row) for row in rows]
            write(f"{top}/ade/{name}_seg.png", png(ade, 8, 2))
            for ending, data in (("png", image), ("json", record)):
                member = tarfile.TarInfo(f"./{name}.{ending}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
            coco["images"].append({"id": 100 + i, "file_name": f"{name}.png", **size})
            coco["annotations"] += [{**a, "id": 2 * i + k, "image_id": 100 + i, "iscrowd": 0}
                                    for k, a in enumerate(annotations(i))]
    write(f"{top}/coco.json", json.dumps(coco).encode())


if __name__ == "__main__":
    main(sys.argv[1])
